"""Present objects, decoded, for those that decide by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import key_prefix, object_key
from proa.cluster.store import Store
from proa.kube.resources import Object, Resource

T = TypeVar("T")
_REMEMBERED = 1024


class View:
    """Reads of the present; every result of `get` and `list` is the caller's own, that of `peek` nobody's."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._decoded = lru_cache(_REMEMBERED)(codec.decode)
        self._derived: dict[Callable[..., Any], tuple[int, Any]] = {}

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """One object, or None."""
        entry = self.store.get(object_key(resource, name, namespace))
        return codec.decode(entry) if entry else None

    def peek(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """One object, or None, to look at only: it is decoded once and the same for all who ask."""
        entry = self.store.get(object_key(resource, name, namespace))
        return self._decoded(entry) if entry else None

    def exists(self, resource: Resource, name: str, namespace: str = "") -> bool:
        """Whether the object is there."""
        return self.store.get(object_key(resource, name, namespace)) is not None

    def list(self, resource: Resource, namespace: str = "") -> list[Object]:
        """All objects of a kind."""
        return [codec.decode(entry) for entry in self.store.range(key_prefix(resource, namespace)).entries]

    def derived(self, resource: Resource, derive: Callable[[Sequence[Object]], T]) -> T:
        """What a function makes of all objects of a kind: made again only after one of them changed."""
        touched = self.store.touched(key_prefix(resource))
        known = self._derived.get(derive)
        if known is None or known[0] != touched:
            known = self._derived[derive] = (touched, derive(self.list(resource)))
        made: T = known[1]
        return made
