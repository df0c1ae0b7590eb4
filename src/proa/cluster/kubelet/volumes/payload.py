"""Files that volumes show of ConfigMaps, Secrets and the pod itself. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from proa.cluster.kubelet.fields import field_value, resource_value
from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.pods import find_container
from proa.cluster.kubelet.problems import ContainerProblem, VolumeProblem
from proa.cluster.kubelet.volumes.atomic import File
from proa.cluster.kubelet.volumes.plugin import VolumeRequest
from proa.kube import CONFIG_MAPS, SECRETS, Object

_DEFAULT_MODE = 0o644


def mode_of(
    source: Object, request: VolumeRequest, key: str = "defaultMode", default: int = _DEFAULT_MODE
) -> int:
    """Permission bits; with an fsGroup the group may read."""
    mode = int(source.get(key, default))
    return mode if request.fs_group is None else mode | 0o040


def personal_file(content: bytes, request: VolumeRequest, mode: int) -> File:
    """A file that only those may read as whom the pod runs, when that is known."""
    if request.fs_group is not None:
        mode = 0o640
    elif request.fs_user is not None:
        mode = 0o600
    return File(content, mode, request.fs_user)


def object_files(reference: Reference, source: Object, request: VolumeRequest, mode: int) -> dict[str, File]:
    """The keys of a ConfigMap or Secret, all or those of `items`. Raises VolumeProblem."""
    found = request.lookup(reference)
    if found is None:
        if source.get("optional"):
            return {}
        raise VolumeProblem(f"{reference} not found")
    data = object_data(found)
    if not source.get("items"):
        return {key: File(value, mode) for key, value in data.items()}
    return _picked(reference, source, data, request, mode)


def _picked(
    reference: Reference, source: Object, data: Mapping[str, bytes], request: VolumeRequest, mode: int
) -> dict[str, File]:
    files = {}
    for item in source["items"]:
        if item["key"] in data:
            files[item["path"]] = File(data[item["key"]], mode_of(item, request, "mode", mode))
        elif not source.get("optional"):
            raise VolumeProblem(f"references non-existent key {item['key']!r} of {reference}")
    return files


def object_data(found: Object) -> dict[str, bytes]:
    """All keys of a ConfigMap or Secret as bytes."""
    if found.get("kind") == "Secret":
        return {key: base64.b64decode(text) for key, text in (found.get("data") or {}).items()}
    plain = {key: str(text).encode() for key, text in (found.get("data") or {}).items()}
    return plain | {key: base64.b64decode(text) for key, text in (found.get("binaryData") or {}).items()}


def downward_files(source: Object, request: VolumeRequest, mode: int) -> dict[str, File]:
    """The fields of the pod that `items` name. Raises VolumeProblem."""
    files = {}
    for item in source.get("items") or ():
        try:
            text = _downward_value(item, request)
        except ContainerProblem as fault:
            raise VolumeProblem(str(fault)) from fault
        files[item["path"]] = File(text.encode(), mode_of(item, request, "mode", mode))
    return files


def _downward_value(item: Object, request: VolumeRequest) -> str:
    if "fieldRef" in item:
        return field_value(request.pod, item["fieldRef"]["fieldPath"], request.pod_ips, request.node)
    selector = item["resourceFieldRef"]
    container = find_container(request.pod, selector.get("containerName", ""))
    return resource_value(request.pod, container or {}, selector, request.node)


def config_map(request: VolumeRequest, name: str) -> Reference:
    """A ConfigMap of the pod's namespace."""
    return Reference(CONFIG_MAPS, request.pod["metadata"]["namespace"], name)


def secret(request: VolumeRequest, name: str) -> Reference:
    """A Secret of the pod's namespace."""
    return Reference(SECRETS, request.pod["metadata"]["namespace"], name)
