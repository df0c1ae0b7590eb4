"""What a pod may use: QoS class, cgroup values, OOM score (source: pkg/kubelet/cm, pkg/kubelet/qos)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from proa.cluster.kubelet.pods import init_containers, is_sidecar, main_containers, planned_containers
from proa.kube import Object, to_integer, to_milli

CPU_PERIOD = 100_000
"""Microseconds over which a CPU quota counts."""
_MINIMUM_SHARES, _MAXIMUM_SHARES = 2, 262_144
_MINIMUM_QUOTA = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Values for a cgroup; None means no limit."""

    cpu_shares: int
    cpu_quota: int | None = None
    memory: int | None = None


def qos_class(pod: Object) -> str:
    """Guaranteed, Burstable or BestEffort."""
    containers = [pod["spec"]] if pod["spec"].get("resources") else list(planned_containers(pod))
    wanted = [_pick(c, "requests") | _pick(c, "limits") for c in containers]
    if not any(wanted):
        return "BestEffort"
    return "Guaranteed" if all(_is_guaranteed(c) for c in containers) else "Burstable"


def _pick(container: Object, part: str) -> dict[str, Any]:
    amounts = (container.get("resources") or {}).get(part) or {}
    return {name: amounts[name] for name in ("cpu", "memory") if name in amounts and to_milli(amounts[name])}


def _is_guaranteed(container: Object) -> bool:
    limits, requests = _pick(container, "limits"), _pick(container, "requests")
    return len(limits) == 2 and all(
        to_milli(requests.get(name, limit)) == to_milli(limit) for name, limit in limits.items()
    )


def shares(milli_cpu: int) -> int:
    """cpu.shares for a request in millicores."""
    return min(max(milli_cpu * 1024 // 1000, _MINIMUM_SHARES), _MAXIMUM_SHARES)


def quota(milli_cpu: int) -> int:
    """CPU quota in microseconds a period for a limit in millicores."""
    return max(milli_cpu * CPU_PERIOD // 1000, _MINIMUM_QUOTA)


def container_limits(container: Object) -> Limits:
    """Cgroup values of one container."""
    resources = container.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    cpu_limit = to_milli(limits["cpu"]) if "cpu" in limits else 0
    return Limits(
        cpu_shares=shares(to_milli(requests["cpu"]) if "cpu" in requests else cpu_limit),
        cpu_quota=quota(cpu_limit) if cpu_limit else None,
        memory=to_integer(limits["memory"]) if "memory" in limits else None,
    )


def pod_limits(pod: Object) -> Limits:
    """Cgroup values of a pod; it has a limit only when each container has one."""
    cpu, memory = _total(pod, "limits", "cpu"), _total(pod, "limits", "memory")
    request = _total(pod, "requests", "cpu", missing=0)
    return Limits(
        cpu_shares=shares((request or 0) if request else (cpu or 0)),
        cpu_quota=quota(cpu) if cpu else None,
        memory=memory // 1000 if memory else None,
    )


def pod_requests(pod: Object) -> dict[str, int]:
    """What the scheduler counts for a pod: millicores of cpu, bytes of memory."""
    cpu, memory = (_total(pod, "requests", name, missing=0) or 0 for name in ("cpu", "memory"))
    return {"cpu": cpu, "memory": memory // 1000}


def _total(pod: Object, part: str, name: str, missing: int | None = None) -> int | None:
    """Thousandths of the resource: the sum of what runs together, or the largest init container.

    None when a container without the amount makes the sum unknown. What the pod itself says goes before.
    """
    own = _amount(pod["spec"], part, name, None)
    if own is not None:
        return own

    def amounts(containers: Iterable[Object]) -> list[int | None]:
        return [_amount(c, part, name, missing) for c in containers]

    sidecars = [c for c in init_containers(pod) if is_sidecar(c)]
    together = amounts([*sidecars, *main_containers(pod)])
    alone = amounts(c for c in init_containers(pod) if not is_sidecar(c))
    if any(amount is None for amount in together + alone):
        return None
    return max([sum(a or 0 for a in together), *(a or 0 for a in alone)])


def _amount(container: Object, part: str, name: str, missing: int | None) -> int | None:
    amounts: Mapping[str, Any] = (container.get("resources") or {}).get(part) or {}
    return to_milli(amounts[name]) if name in amounts else missing


def oom_score_adjust(pod: Object, container: Object, memory_capacity: int) -> int:
    """Who is killed first when memory runs out: 1000 first, -997 last."""
    quality = qos_class(pod)
    if quality == "Guaranteed" or pod["spec"].get("priorityClassName") == "system-node-critical":
        return -997
    if quality == "BestEffort":
        return 1000
    requests = (container.get("resources") or {}).get("requests") or {}
    memory = to_integer(requests["memory"]) if "memory" in requests else 0
    return min(max(1000 - 1000 * memory // max(memory_capacity, 1), 3), 999)
