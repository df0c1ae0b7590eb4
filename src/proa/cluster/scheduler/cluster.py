"""The scheduler's picture of the cluster; every change costs only what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube import Object


class Volumes(Protocol):
    """Look-ups of storage objects, all by key; the informers' caches in production."""

    def claim(self, key: str) -> Object | None:
        """The PersistentVolumeClaim `namespace/name`."""

    def volume(self, name: str) -> Object | None:
        """The PersistentVolume."""

    def volumes(self, class_name: str) -> Iterable[Object]:
        """PersistentVolumes of a class."""

    def storage_class(self, name: str) -> Object | None:
        """The StorageClass."""


class Cluster:
    """Nodes with their pods, and what was decided but is not yet written.

    `assumed_claims` (claim key to node) and `assumed_volumes` (volume name to claim key) hold the
    volume decisions of pods whose binding is under way, so that the next decision sees them.
    """

    def __init__(self, volumes: Volumes) -> None:
        self.volumes = volumes
        self.namespaces: dict[str, Mapping[str, str]] = {}
        self.assumed_claims: dict[str, str] = {}
        self.assumed_volumes: dict[str, str] = {}
        self.claim_users: dict[str, set[str]] = {}
        self.repelling: dict[str, PodInfo] = {}
        self._nodes: dict[str, NodeInfo] = {}
        self._placed: dict[str, str] = {}

    @property
    def nodes(self) -> list[NodeInfo]:
        """Nodes that exist as objects, in the order in which they came."""
        return [node for node in self._nodes.values() if node.object is not None]

    def node(self, name: str) -> NodeInfo:
        """The node's record, made on the first mention: a pod may be seen before its node."""
        if name not in self._nodes:
            self._nodes[name] = NodeInfo(name)
        return self._nodes[name]

    def set_node(self, name: str, node: Object | None) -> bool:
        """Take over a node object; None when it is gone. Returns whether scheduling can change by it."""
        info = self.node(name)
        changed = info.set_object(node)
        if node is None and not info.pods:
            del self._nodes[name]
        return changed

    def place(self, pod: PodInfo, node_name: str) -> None:
        """The pod occupies the node: bound, or assumed to be. Replaces what was known of the pod."""
        self.remove(pod.uid)
        self.node(node_name).add(pod)
        self._placed[pod.uid] = node_name
        for claim in pod.claims:
            self.claim_users.setdefault(f"{pod.namespace}/{claim}", set()).add(pod.uid)
        if pod.anti_affinity:
            self.repelling[pod.uid] = pod

    def remove(self, uid: str) -> bool:
        """The pod occupies nothing any more. Returns whether it did."""
        node_name = self._placed.pop(uid, None)
        if node_name is None:
            return False
        node = self._nodes[node_name]
        pod = node.remove(uid)
        if node.object is None and not node.pods:
            del self._nodes[node_name]
        for claim in pod.claims:
            self._drop_user(f"{pod.namespace}/{claim}", uid)
        self.repelling.pop(uid, None)
        return True

    def node_of(self, uid: str) -> NodeInfo:
        """Where a placed pod is."""
        return self._nodes[self._placed[uid]]

    def is_placed(self, uid: str) -> bool:
        """Whether the pod occupies a node."""
        return uid in self._placed

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Labels of a namespace; empty while it is unknown."""
        return self.namespaces.get(namespace, {})

    def _drop_user(self, claim_key: str, uid: str) -> None:
        users = self.claim_users[claim_key]
        users.discard(uid)
        if not users:
            del self.claim_users[claim_key]
