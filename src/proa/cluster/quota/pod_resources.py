"""What a pod asks for and is limited to as a whole. Pure.

Source: component-helpers resource.PodRequests, PodLimits; kubernetes.io, sidecar containers.
"""

from __future__ import annotations

from typing import Literal

from proa.cluster.quota.amounts import Amount, amounts, highest, total
from proa.kube.resources import Object

Bound = Literal["requests", "limits"]


def pod_amounts(spec: Object, bound: Bound) -> dict[str, Amount]:
    """Requests or limits of the pod at its most demanding moment, with overhead; those of the pod win."""
    running = total(_of(container, bound) for container in spec.get("containers") or ())
    sidecars: dict[str, Amount] = {}
    peak: dict[str, Amount] = {}
    for container in spec.get("initContainers") or ():
        together = total((sidecars, _of(container, bound)))
        peak = highest(peak, together)
        if container.get("restartPolicy") == "Always":
            sidecars = together
    whole = highest(total((running, sidecars)), peak) | _of(spec, bound)
    overhead = amounts(spec.get("overhead"))
    if bound == "limits":
        overhead = {name: each for name, each in overhead.items() if name in whole}
    return total((whole, overhead))


def has_own(spec: Object) -> bool:
    """Whether resources are set for the pod as a whole."""
    resources = spec.get("resources") or {}
    return bool(resources.get("requests") or resources.get("limits"))


def _of(holder: Object, bound: Bound) -> dict[str, Amount]:
    return amounts((holder.get("resources") or {}).get(bound))
