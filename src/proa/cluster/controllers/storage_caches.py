"""The collections that the two halves of the binder read."""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.controllers.pods import claim_keys
from proa.cluster.volumes import class_of, is_bound
from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Manager,
    Object,
    key_of,
)

_BY_CLASS, _BY_CLAIM, _BY_VOLUME = "storage-class", "claim", "volume"


class StorageCaches:
    """Claims, volumes, classes and pods, with the ways from one to the other."""

    def __init__(self, manager: Manager) -> None:
        self.claims = manager.informer(PERSISTENT_VOLUME_CLAIMS)
        self.volumes = manager.informer(PERSISTENT_VOLUMES)
        self.classes = manager.informer(STORAGE_CLASSES)
        self.pods = manager.informer(PODS)
        self.claims.add_index(_BY_VOLUME, _volume_name)
        self.volumes.add_index(_BY_CLASS, lambda volume: (class_of(volume),))
        self.volumes.add_index(_BY_CLAIM, claimant)
        self.pods.add_index(_BY_CLAIM, claim_keys)

    def reserved_for(self, claim_key: str) -> list[Object]:
        """Volumes whose claimRef names the claim."""
        return self.volumes.by_index(_BY_CLAIM, claim_key)

    def of_class(self, name: str) -> list[Object]:
        """Volumes of a class."""
        return self.volumes.by_index(_BY_CLASS, name)

    def users(self, claim_key: str) -> list[Object]:
        """Pods that mount the claim."""
        return self.pods.by_index(_BY_CLAIM, claim_key)

    def claims_concerned(self, volume: Object) -> Iterable[str]:
        """Claims that a change of the volume concerns: its claimant, or all that could take it."""
        yield from claimant(volume)
        for claim in self.claims.by_index(_BY_VOLUME, volume["metadata"]["name"]):
            yield key_of(claim)
        if not volume["spec"].get("claimRef"):
            yield from self.pending_of_class(class_of(volume))

    def pending_of_class(self, name: str) -> Iterable[str]:
        """Claims of a class that have no volume."""
        return [key_of(c) for c in self.claims.list() if class_of(c) == name and not is_bound(c)]

    def pending(self, _: Object) -> Iterable[str]:
        """Claims that have no volume: a class may have come or become the default."""
        return [key_of(c) for c in self.claims.list() if not is_bound(c)]

    def volumes_concerned(self, claim: Object) -> Iterable[str]:
        """Volumes that a change of the claim concerns: the one it names and those that name it."""
        yield from _volume_name(claim)
        for volume in self.reserved_for(key_of(claim)):
            yield key_of(volume)


def claimant(volume: Object) -> tuple[str, ...]:
    """The key of the claim that a volume's claimRef names."""
    reference = volume["spec"].get("claimRef") or {}
    return (f"{reference.get('namespace')}/{reference['name']}",) if reference.get("name") else ()


def _volume_name(claim: Object) -> tuple[str, ...]:
    name = claim["spec"].get("volumeName")
    return (name,) if name else ()
