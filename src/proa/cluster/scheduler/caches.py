"""The informers that the scheduler reads, and the storage look-ups on them."""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.volumes import class_of
from proa.kube import (
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Informer,
    Manager,
    Object,
)
from proa.kube.resources import POD_DISRUPTION_BUDGETS

_BY_CLASS = "storage-class"


class Caches:
    """The collections that decisions depend on; implements `cluster.Volumes`."""

    def __init__(self, manager: Manager) -> None:
        self.pods = manager.informer(PODS)
        self.nodes = manager.informer(NODES)
        self.namespaces = manager.informer(NAMESPACES)
        self.claims = manager.informer(PERSISTENT_VOLUME_CLAIMS)
        self.persistent_volumes = manager.informer(PERSISTENT_VOLUMES)
        self.classes = manager.informer(STORAGE_CLASSES)
        self.budgets = manager.informer(POD_DISRUPTION_BUDGETS)
        self.persistent_volumes.add_index(_BY_CLASS, lambda volume: (class_of(volume),))

    @property
    def all(self) -> tuple[Informer, ...]:
        """Every informer that must be in step before the first decision."""
        storage = (self.claims, self.persistent_volumes, self.classes)
        return (self.pods, self.nodes, self.namespaces, self.budgets, *storage)

    def claim(self, key: str) -> Object | None:
        """The PersistentVolumeClaim `namespace/name`."""
        return self.claims.get(key)

    def volume(self, name: str) -> Object | None:
        """The PersistentVolume."""
        return self.persistent_volumes.get(name)

    def volumes(self, class_name: str) -> Iterable[Object]:
        """PersistentVolumes of a class."""
        return self.persistent_volumes.by_index(_BY_CLASS, class_name)

    def storage_class(self, name: str) -> Object | None:
        """The StorageClass."""
        return self.classes.get(name)
