from __future__ import annotations

import pytest

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.volumes import class_of
from proa.kube import Object, key_of


class Volumes:
    """Storage objects by key, as the informers would hold them."""

    def __init__(self) -> None:
        self.claims: dict[str, Object] = {}
        self.persistent: dict[str, Object] = {}
        self.classes: dict[str, Object] = {}

    def add(self, obj: Object) -> None:
        table = {
            "PersistentVolumeClaim": self.claims,
            "PersistentVolume": self.persistent,
            "StorageClass": self.classes,
        }[obj["kind"]]
        table[key_of(obj)] = obj

    def claim(self, key: str) -> Object | None:
        return self.claims.get(key)

    def volume(self, name: str) -> Object | None:
        return self.persistent.get(name)

    def volumes(self, class_name: str) -> list[Object]:
        return [v for v in self.persistent.values() if class_of(v) == class_name]

    def storage_class(self, name: str) -> Object | None:
        return self.classes.get(name)


@pytest.fixture
def volumes() -> Volumes:
    return Volumes()


@pytest.fixture
def cluster(volumes: Volumes) -> Cluster:
    return Cluster(volumes)
