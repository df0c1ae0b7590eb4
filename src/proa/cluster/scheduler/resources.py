"""Amounts of resources: what a pod asks for and what a node can give.

cpu counts in thousandths of a core, everything else in whole units (bytes, pods, devices).
Source: kubernetes.io/docs/concepts/configuration/manage-resources-containers, sidecar-containers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proa.kube import Object, to_integer, to_milli

Amounts = Mapping[str, int]

# A container that asks for nothing still uses something; counted so only when nodes are compared.
ASSUMED = {"cpu": 100, "memory": 200 * 1024 * 1024}


def amounts(resources: Mapping[str, str] | None) -> dict[str, int]:
    """A ResourceList in the scheduler's units."""
    return {
        name: to_milli(quantity) if name == "cpu" else to_integer(quantity)
        for name, quantity in (resources or {}).items()
    }


def pod_requests(spec: Object) -> Amounts:
    """What the pod occupies on its node at its most demanding moment.

    Containers and sidecars run together; an init container runs beside the sidecars that were
    started before it. Pod-level requests replace the sum; overhead comes on top.
    """
    running = total(_requests(c) for c in spec["containers"])
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        if container.get("restartPolicy") == "Always":
            sidecars = total((sidecars, _requests(container)))
            peak = _maximum(peak, sidecars)
        else:
            peak = _maximum(peak, total((sidecars, _requests(container))))
    whole = _maximum(total((running, sidecars)), peak) | _requests(spec)
    return total((whole, amounts(spec.get("overhead"))))


def total(parts: Iterable[Amounts]) -> dict[str, int]:
    """The sum, resource by resource."""
    result: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            result[name] = result.get(name, 0) + amount
    return result


def _maximum(one: Amounts, other: Amounts) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in (*one, *other)}


def _requests(holder: Object) -> dict[str, int]:
    """Requests of a container or pod; a limit without a request counts as one."""
    resources = holder.get("resources") or {}
    return amounts((resources.get("limits") or {}) | (resources.get("requests") or {}))
