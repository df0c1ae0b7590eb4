"""The collections that the storage controllers read."""

from __future__ import annotations

from collections.abc import Mapping

from proa.kube import (
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    STORAGE_CLASSES,
    Manager,
    Object,
    annotations_of,
    condition_is_true,
    key_of,
    labels_of,
)
from proa.storage.names import BETA_CLASS, PROVISIONER


class Caches:
    """Informers of claims, volumes, classes and nodes."""

    def __init__(self, manager: Manager) -> None:
        self.claims = manager.informer(PERSISTENT_VOLUME_CLAIMS)
        self.volumes = manager.informer(PERSISTENT_VOLUMES)
        self.classes = manager.informer(STORAGE_CLASSES)
        self.nodes = manager.informer(NODES)

    def node_labels(self, name: str) -> Mapping[str, str]:
        """Labels of a node; empty while it is unknown."""
        node = self.nodes.get(name)
        return labels_of(node) if node is not None else {}

    def first_ready_node(self) -> str:
        """The node that does what any node could do: all agree on it without an election."""
        ready = (n["metadata"]["name"] for n in self.nodes.list() if condition_is_true(n, "Ready"))
        return min(ready, default="")

    def class_of(self, claim: Object) -> Object | None:
        """The claim's StorageClass; the beta annotation wins, as upstream."""
        name = annotations_of(claim).get(BETA_CLASS) or claim["spec"].get("storageClassName") or ""
        return self.classes.get(name)

    def is_ours(self, claim: Object) -> bool:
        """Whether the claim's class is served by this provisioner."""
        storage_class = self.class_of(claim)
        return storage_class is not None and storage_class["provisioner"] == PROVISIONER

    def pending_claims(self) -> list[str]:
        """Keys of the claims that have no volume."""
        return [key_of(claim) for claim in self.claims.list() if not claim["spec"].get("volumeName")]

    def unbound_volumes(self) -> list[str]:
        """Names of the volumes that no claim uses."""
        return [key_of(v) for v in self.volumes.list() if (v.get("status") or {}).get("phase") != "Bound"]
