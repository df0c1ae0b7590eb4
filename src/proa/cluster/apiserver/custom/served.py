"""The kinds that are served: those built in, and those of the definitions that are stored.

Whoever asks sees every definition that was written before, so that nothing has to be told of a change.
"""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.store import Store


class ServedKinds(Registry):
    """A registry that follows the stored definitions."""

    def __init__(self, kinds: Iterable[Kind], store: Store) -> None:
        super().__init__(kinds)
        self._store = store
