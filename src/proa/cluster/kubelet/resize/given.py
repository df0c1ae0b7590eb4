"""Resources of a pod's containers by name, and how two sets of them differ. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from proa.cluster.kubelet.container_config import RESOURCES
from proa.cluster.kubelet.cri import ContainerStatus
from proa.cluster.kubelet.pods import planned_containers
from proa.kube import Object, to_milli

Resources = Mapping[str, Object]
"""A ResourceRequirements by container name; those of the pod itself, if it has any, under `POD`."""

POD = ""
RESIZABLE = ("cpu", "memory")


def resources_of(pod: Object) -> dict[str, Object]:
    """What the pod asks for."""
    found = {container["name"]: container.get("resources") or {} for container in planned_containers(pod)}
    own = pod["spec"].get("resources")
    return found | ({POD: own} if own else {})


def with_resources(pod: Object, given: Resources) -> Object:
    """The pod as if it asked for what it has been given."""
    if resources_of(pod) == given:
        return pod
    spec = dict(pod["spec"])
    if POD in given:
        spec["resources"] = given[POD]
    for kind in ("initContainers", "containers"):
        if kind in spec:
            spec[kind] = [c | {"resources": given.get(c["name"], {})} for c in spec[kind]]
    return pod | {"spec": spec}


def started_with(container: ContainerStatus) -> Object | None:
    """The resources with which a container was started; None for one of a kubelet that did not note it."""
    noted = container.annotations.get(RESOURCES)
    return dict(json.loads(noted)) if noted else None


def differing(one: Object, other: Object) -> set[str]:
    """Which of cpu and memory two ResourceRequirements disagree about."""
    return {name for name in RESIZABLE if _amounts(one, name) != _amounts(other, name)}


def is_same(one: Resources, other: Resources) -> bool:
    """Whether two sets agree about cpu and memory of everything."""
    return not any(differing(one.get(name, {}), other.get(name, {})) for name in one.keys() | other.keys())


def restarts(container: Object, names: Iterable[str]) -> bool:
    """Whether a change of these resources is one that the container wants to be restarted for."""
    policies = {p["resourceName"]: p["restartPolicy"] for p in container.get("resizePolicy") or ()}
    return any(policies.get(name) == "RestartContainer" for name in names)


def _amounts(resources: Object, name: str) -> tuple[int, int]:
    parts = (resources.get("requests") or {}, resources.get("limits") or {})
    request, limit = (to_milli(part[name]) if name in part else 0 for part in parts)
    return request, limit
