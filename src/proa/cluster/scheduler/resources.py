"""Amounts of resources: what a pod asks for and what a node can give.

cpu counts in thousandths of a core, everything else in whole units (bytes, pods, devices).
Source: kubernetes.io/docs/concepts/configuration/manage-resources-containers, sidecar-containers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from proa.kube import Object, find_condition, to_integer, to_milli

Amounts = Mapping[str, int]

_CONTAINERS = ("initContainers", "containers")
# A container that asks for nothing still uses something; counted so only when nodes are compared.
ASSUMED = {"cpu": 100, "memory": 200 * 1024 * 1024}


def amounts(resources: Mapping[str, str] | None) -> dict[str, int]:
    """A ResourceList in the scheduler's units."""
    return {
        name: to_milli(quantity) if name == "cpu" else to_integer(quantity)
        for name, quantity in (resources or {}).items()
    }


def resizing(pod: Object) -> dict[str, Amounts]:
    """By container name what it was given or still has, where that is not what it asks for.

    A container that is being resized occupies the larger of these, until it has what it asks for.
    """
    status = pod.get("status") or {}
    statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    if not any(seen.get("allocatedResources") for seen in statuses):
        return {}
    asked = {c["name"]: _requests(c) for part in _CONTAINERS for c in pod["spec"].get(part) or ()}
    found: dict[str, Amounts] = {}
    for seen in statuses:
        actual = (seen.get("resources") or {}).get("requests")
        has = _maximum(amounts(seen.get("allocatedResources")), amounts(actual))
        if has and has != asked.get(seen["name"]):
            found[seen["name"]] = has
    return found


def pod_requests(pod: Object) -> Amounts:
    """What the pod occupies on its node at its most demanding moment.

    Containers and sidecars run together; an init container runs beside the sidecars that were
    started before it. Pod-level requests replace the sum; overhead comes on top.
    """
    spec, sizes = pod["spec"], resizing(pod)
    asked = _requests if not sizes else _with_sizes(sizes, hopeless=_is_infeasible(pod))
    return _pod_requests(spec, asked)


def _pod_requests(spec: Object, asked: Callable[[Object], dict[str, int]]) -> Amounts:
    running = total(asked(c) for c in spec["containers"])
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        if container.get("restartPolicy") == "Always":
            sidecars = total((sidecars, asked(container)))
            peak = _maximum(peak, sidecars)
        else:
            peak = _maximum(peak, total((sidecars, asked(container))))
    whole = _maximum(total((running, sidecars)), peak) | _requests(spec)
    return total((whole, amounts(spec.get("overhead"))))


def _with_sizes(sizes: Mapping[str, Amounts], *, hopeless: bool) -> Callable[[Object], dict[str, int]]:
    """Reads a container's requests; those of a resize that cannot be had do not count."""

    def asked(container: Object) -> dict[str, int]:
        has = sizes.get(container["name"])
        if has is None:
            return _requests(container)
        return dict(has) if hopeless else _maximum(has, _requests(container))

    return asked


def _is_infeasible(pod: Object) -> bool:
    return (find_condition(pod, "PodResizePending") or {}).get("reason") == "Infeasible"


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
