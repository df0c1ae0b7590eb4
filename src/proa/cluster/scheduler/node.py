"""A node and what runs on it, kept up to date pod by pod."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from proa.cluster.scheduler.pod import HostPort, PodInfo
from proa.cluster.scheduler.resources import ASSUMED, Amounts, amounts
from proa.kube import Object, condition_is_true, labels_of

_NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
_SAID_BY = frozenset({"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})


class NodeInfo:
    """Sums over the pods of one node. Adding and removing a pod costs what that pod asks for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.object: Object | None = None
        self.labels: Mapping[str, str] = {}
        self.taints: tuple[Mapping[str, str], ...] = ()
        self.unschedulable = False
        self.allocatable: Amounts = {}
        self.pods: dict[str, PodInfo] = {}
        self.requested: Counter[str] = Counter()
        self.expected: Counter[str] = Counter()
        self.ports: Counter[HostPort] = Counter()

    def set_object(self, node: Object | None) -> bool:
        """Take over a node object; None when it is gone. Returns whether scheduling can change by it."""
        before = (self.labels, self.taints, self.unschedulable, self.allocatable)
        existed = self.object is not None
        self.object = node
        if node is None:
            return existed
        self.labels = labels_of(node)
        self.unschedulable = bool(node["spec"].get("unschedulable"))
        self.taints = _taints(node)
        self.allocatable = amounts((node.get("status") or {}).get("allocatable"))
        return not existed or before != (self.labels, self.taints, self.unschedulable, self.allocatable)

    def add(self, pod: PodInfo) -> None:
        """Count the pod in; it must not be there yet."""
        self.pods[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, uid: str) -> PodInfo:
        """Count the pod out; it must be there."""
        pod = self.pods.pop(uid)
        self._count(pod, -1)
        return pod

    def _count(self, pod: PodInfo, sign: int) -> None:
        for name, amount in pod.requests.items():
            self.requested[name] += sign * amount
        for name, assumed in ASSUMED.items():
            self.expected[name] += sign * (pod.requests.get(name) or assumed)
        for port in pod.host_ports:
            self.ports[port] += sign
            if not self.ports[port]:
                del self.ports[port]


def _taints(node: Object) -> tuple[Mapping[str, str], ...]:
    """The taints; a node that is not Ready counts as tainted before the controller has said so."""
    taints = tuple(node["spec"].get("taints") or ())
    if condition_is_true(node, "Ready") or any(t["key"] in _SAID_BY for t in taints):
        return taints
    return (*taints, _NOT_READY)
