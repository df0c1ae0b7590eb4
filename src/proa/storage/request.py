"""A claim turned into a volume: every decision about a request, without touching anything.

Parameters and annotations are upstream's: `nodePath`, `pathPattern`, `allowUnsafePathPattern`,
`nodeAffinityKey` of the StorageClass, `defaultVolumeType` (class) and `volumeType` (claim).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from proa.kube import Object, annotations_of
from proa.storage.config import ConfigError, LocalPathConfig
from proa.storage.names import FINALIZER, HOST_NAME, PROVISIONED_BY, PROVISIONER, SELECTED_NODE_OF_VOLUME
from proa.storage.template import render

_SINGLE_NODE_MODES = {"ReadWriteOnce", "ReadWriteOncePod"}


@dataclass(frozen=True)
class Request:
    """A claim with its class, and the node that was selected for it (empty for none)."""

    claim: Object
    storage_class: Object
    node: str
    node_labels: Mapping[str, str]

    @property
    def volume_name(self) -> str:
        """The name of the volume that serves the claim: the same at every attempt."""
        return f"pvc-{self.claim['metadata']['uid']}"

    @property
    def parameters(self) -> Mapping[str, str]:
        """The class's parameters."""
        return self.storage_class.get("parameters") or {}


@dataclass(frozen=True)
class Placement:
    """Where the volume's directory lies: below a configured path, which is to be trusted."""

    base: str
    relative: str
    shared: bool

    @property
    def path(self) -> str:
        """The whole path."""
        return posixpath.join(self.base, self.relative)


def place(request: Request, config: LocalPathConfig) -> Placement:
    """Check the claim and choose a directory. Raises ConfigError with upstream's reason."""
    paths = config.for_class(request.storage_class["metadata"]["name"])
    shared = paths.is_shared()
    _check_claim(request, shared)
    base = paths.choose(request.node, request.volume_name, request.parameters.get("nodePath", ""))
    return Placement(base, folder(request), shared)


def locate(path: str, bases: set[str]) -> tuple[str, str]:
    """(base, relative) of a volume's path. Raises ConfigError when it lies below no configured path."""
    clean = posixpath.normpath(path)
    for base in sorted(bases, key=len, reverse=True):
        if clean.startswith(base.rstrip("/") + "/"):
            return base, clean[len(base.rstrip("/")) + 1 :]
    raise ConfigError(
        f"{path} is below no configured path ({', '.join(sorted(bases)) or 'none'}); not removed"
    )


def folder(request: Request) -> str:
    """The directory's path below the base. Raises ConfigError for one that leads elsewhere."""
    metadata = request.claim["metadata"]
    pattern = request.parameters.get("pathPattern")
    if not pattern:
        return f"{request.volume_name}_{metadata['namespace']}_{metadata['name']}"
    name = render(pattern, request.volume_name, request.claim)
    if not _is_local(name):
        raise ConfigError(f"folder path contains invalid references: {name}")
    name = posixpath.normpath(name)
    own = f"{metadata['namespace']}/{metadata['name']}"
    if not _unsafe_allowed(request) and name != own and not name.startswith(own + "/"):
        raise ConfigError(
            f"pathPattern must start with {{{{ .PVC.Namespace }}}}/{{{{ .PVC.Name }}}}/: {name}"
        )
    return name


def volume_of(request: Request, placement: Placement) -> Object:
    """The PersistentVolume for a claim whose directory is there."""
    spec, storage_class = request.claim["spec"], request.storage_class
    policy = storage_class.get("reclaimPolicy") or "Delete"
    annotations = {PROVISIONED_BY: PROVISIONER} | (
        {SELECTED_NODE_OF_VOLUME: request.node} if request.node else {}
    )
    volume: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": request.volume_name, "annotations": annotations},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": _claim_reference(request.claim),
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": "Filesystem",
        }
        | _source(request, placement.path),
    }
    if policy == "Delete":
        volume["metadata"]["finalizers"] = [FINALIZER]
    if storage_class.get("mountOptions"):
        volume["spec"]["mountOptions"] = storage_class["mountOptions"]
    if not placement.shared:
        volume["spec"]["nodeAffinity"] = _node_affinity(request)
    return volume


def path_of(volume: Object) -> str:
    """The directory of a local or hostPath volume."""
    source = volume["spec"].get("local") or volume["spec"].get("hostPath") or {}
    return str(source.get("path") or "")


def _check_claim(request: Request, shared: bool) -> None:
    spec = request.claim["spec"]
    if spec.get("volumeMode") == "Block":
        raise ConfigError(f"{PROVISIONER} does not support block volume provisioning")
    if spec.get("dataSource") or spec.get("dataSourceRef"):
        raise ConfigError(f"{PROVISIONER} does not support dataSource: the volume would be empty")
    if spec.get("selector") is not None:
        raise ConfigError("claim.Spec.Selector is not supported")
    if not shared and not set(spec.get("accessModes") or ()) <= _SINGLE_NODE_MODES:
        raise ConfigError("NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes")
    if not shared and not request.node:
        raise ConfigError("configuration error, no node was specified")


def _is_local(name: str) -> bool:
    """Whether the path stays below where it starts, word for word and not only after clean-up."""
    return bool(name) and not name.startswith("/") and "\0" not in name and ".." not in name.split("/")


def _unsafe_allowed(request: Request) -> bool:
    key = "allowUnsafePathPattern"
    return "true" in (request.parameters.get(key), annotations_of(request.storage_class).get(key))


def _source(request: Request, path: str) -> Object:
    wanted = annotations_of(request.claim).get("volumeType")
    kind = wanted or annotations_of(request.storage_class).get("defaultVolumeType") or "hostPath"
    match kind.lower():
        case "local":
            return {"local": {"path": path}}
        case "hostpath":
            return {"hostPath": {"path": path, "type": "DirectoryOrCreate"}}
    raise ConfigError(f'"{kind}" is not a recognised volume type')


def _node_affinity(request: Request) -> Object:
    key = request.parameters.get("nodeAffinityKey") or HOST_NAME
    value = request.node_labels.get(key) or request.node
    expression = {"key": key, "operator": "In", "values": [value]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}


def _claim_reference(claim: Object) -> Object:
    metadata = claim["metadata"]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | {
        key: metadata[key] for key in ("namespace", "name", "uid", "resourceVersion")
    }
