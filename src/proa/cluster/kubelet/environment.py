"""The environment variables of a container, in upstream's order of precedence."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from proa.cluster.kubelet.env_files import EnvFileError, value_in
from proa.cluster.kubelet.expansion import expand
from proa.cluster.kubelet.fields import NodeFacts, field_value, resource_value
from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.problems import VolumeProblem, config_problem
from proa.kube import CONFIG_MAPS, SECRETS, Object, Resource

Lookup = Callable[[Reference], Object | None]
_NAME = re.compile(r"[!-<>-~]+")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container's environment is drawn from, besides the pod itself."""

    lookup: Lookup
    services: Mapping[str, str]
    """Variables that describe the Services (`service_variables`)."""
    node: NodeFacts
    pod_ips: Sequence[str] = ()
    read: Callable[[str, str], str | None] = lambda _volume, _path: None
    """The text of a file in a volume of the pod; None without that volume. Raises VolumeProblem, OSError."""


def environment(pod: Object, container: Object, around: Surroundings) -> dict[str, str]:
    """All variables. Raises ContainerProblem when a source that is not optional is missing."""
    result = dict(around.services)
    for source in container.get("envFrom") or ():
        result.update(_from_object(pod, source, around))
    for entry in container.get("env") or ():
        value = _value(pod, container, entry, result, around)
        if value is not None:
            result[entry["name"]] = value
    return result


def _value(
    pod: Object, container: Object, entry: Object, known: Mapping[str, str], around: Surroundings
) -> str | None:
    source = entry.get("valueFrom") or {}
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"], around.pod_ips, around.node)
    if "resourceFieldRef" in source:
        return resource_value(pod, container, source["resourceFieldRef"], around.node)
    if "configMapKeyRef" in source:
        return _key(pod, CONFIG_MAPS, source["configMapKeyRef"], around)
    if "secretKeyRef" in source:
        return _key(pod, SECRETS, source["secretKeyRef"], around)
    if "fileKeyRef" in source:
        return _in_file(source["fileKeyRef"], around)
    return expand(str(entry.get("value") or ""), known)


def _in_file(selector: Object, around: Surroundings) -> str | None:
    volume, path, key = (selector[name] for name in ("volumeName", "path", "key"))
    try:
        text = around.read(volume, path)
        value = "" if text is None else value_in(text, key)
    except (EnvFileError, VolumeProblem, OSError) as fault:
        raise config_problem(f"couldn't parse env file: {fault}") from fault
    if text is None:
        raise config_problem(f'cannot find the volume "{volume}" referenced by FileKeyRef')
    if not value and not selector.get("optional"):
        raise config_problem(f'environment variable key "{key}" not found in file "{path}"')
    return value or None


def _from_object(pod: Object, source: Object, around: Surroundings) -> dict[str, str]:
    resource, selector = (
        (CONFIG_MAPS, source["configMapRef"]) if "configMapRef" in source else (SECRETS, source["secretRef"])
    )
    data = _data(pod, resource, selector, around) or {}
    prefix = source.get("prefix") or ""
    return {prefix + key: text for key, text in data.items() if _NAME.fullmatch(prefix + key)}


def _key(pod: Object, resource: Resource, selector: Object, around: Surroundings) -> str | None:
    data = _data(pod, resource, selector, around)
    if data is None:
        return None
    if selector["key"] in data:
        return data[selector["key"]]
    if selector.get("optional"):
        return None
    where = f"{pod['metadata']['namespace']}/{selector['name']}"
    raise config_problem(f"couldn't find key {selector['key']} in {resource.kind} {where}")


def _data(pod: Object, resource: Resource, selector: Object, around: Surroundings) -> dict[str, str] | None:
    reference = Reference(resource, pod["metadata"]["namespace"], selector["name"])
    found = around.lookup(reference)
    if found is None:
        if selector.get("optional"):
            return None
        raise config_problem(f"{reference} not found")
    data: dict[str, str] = found.get("data") or {}
    if resource is SECRETS:
        return {key: base64.b64decode(text).decode(errors="surrogateescape") for key, text in data.items()}
    return data


def service_variables(services: Iterable[Object], namespace: str, *, links: bool) -> dict[str, str]:
    """NAME_SERVICE_HOST and the Docker link variables of the Services that a pod sees.

    Those of `default/kubernetes` are always there; those of the pod's namespace if `links`.
    """
    result: dict[str, str] = {}
    for service in services:
        metadata = service["metadata"]
        master = (metadata["namespace"], metadata["name"]) == ("default", "kubernetes")
        address = service["spec"].get("clusterIP") or "None"
        if address != "None" and (master or (links and metadata["namespace"] == namespace)):
            result.update(_variables(metadata["name"], address, service["spec"].get("ports") or ()))
    return result


def _variables(name: str, address: str, ports: Sequence[Object]) -> dict[str, str]:
    prefix = name.upper().replace("-", "_")
    result = {f"{prefix}_SERVICE_HOST": address}
    host = f"[{address}]" if ":" in address else address
    for index, port in enumerate(ports):
        number, protocol = str(port["port"]), port.get("protocol", "TCP")
        url = f"{protocol.lower()}://{host}:{number}"
        if index == 0:
            result |= {f"{prefix}_SERVICE_PORT": number, f"{prefix}_PORT": url}
        if port.get("name"):
            result[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = number
        link = f"{prefix}_PORT_{number}_{protocol}"
        result |= {
            link: url,
            f"{link}_PROTO": protocol.lower(),
            f"{link}_PORT": number,
            f"{link}_ADDR": address,
        }
    return result
