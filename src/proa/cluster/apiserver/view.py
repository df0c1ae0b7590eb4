"""Present objects, decoded, for those that decide by them."""

from __future__ import annotations

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import key_prefix, object_key
from proa.cluster.store import Store
from proa.kube.resources import Object, Resource


class View:
    """Reads of the present; every result is the caller's own."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """One object, or None."""
        entry = self.store.get(object_key(resource, name, namespace))
        return codec.decode(entry) if entry else None

    def exists(self, resource: Resource, name: str, namespace: str = "") -> bool:
        """Whether the object is there."""
        return self.store.get(object_key(resource, name, namespace)) is not None

    def list(self, resource: Resource, namespace: str = "") -> list[Object]:
        """All objects of a kind."""
        return [codec.decode(entry) for entry in self.store.range(key_prefix(resource, namespace)).entries]
