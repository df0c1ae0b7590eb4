"""The quality-of-service class of a pod (source: "Pod Quality of Service Classes")."""

from __future__ import annotations

from collections.abc import Iterator

from proa.kube.quantities import parse_quantity
from proa.kube.resources import Object

_COMPUTE = ("cpu", "memory")


def qos_class(pod: Object) -> str:
    """`Guaranteed`, `Burstable` or `BestEffort`, from the requests and limits of a pod."""
    resources = list(_resources(pod.get("spec") or {}))
    if not any(_positive(r.get(kind)) for r in resources for kind in ("requests", "limits")):
        return "BestEffort"
    return "Guaranteed" if all(map(_is_guaranteed, resources)) else "Burstable"


def _resources(spec: Object) -> Iterator[Object]:
    """Those of the pod itself when it has any, else those of its containers."""
    whole = spec.get("resources") or {}
    if whole.get("requests") or whole.get("limits"):
        yield whole
        return
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            yield container.get("resources") or {}


def _positive(amounts: Object | None) -> dict[str, str]:
    """The compute amounts that are more than nothing."""
    return {k: v for k, v in (amounts or {}).items() if k in _COMPUTE and parse_quantity(v).numerator > 0}


def _is_guaranteed(resources: Object) -> bool:
    limits, requests = _positive(resources.get("limits")), _positive(resources.get("requests"))
    return all(
        name in limits and parse_quantity(requests.get(name, limits[name])) == parse_quantity(limits[name])
        for name in _COMPUTE
    )
