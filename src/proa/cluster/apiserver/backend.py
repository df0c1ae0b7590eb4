"""The store as the write paths use it: failures become answers of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from proa.cluster.apiserver.admission import Admission
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry, Store, StoreUnavailable
from proa.errors import ServiceUnavailable


@contextmanager
def answering() -> Iterator[None]:
    """Turn a failure of the disk into 503, which clients try again."""
    try:
        yield
    except StoreUnavailable as error:
        raise ServiceUnavailable(str(error)) from error


@dataclass(frozen=True)
class Backend:
    """What every write goes through."""

    store: Store
    admission: Admission

    def current(self, target: Target) -> Entry:
        """The stored entry. Raises NotFound."""
        entry = self.store.get(target.key)
        if entry is None:
            raise target.not_found()
        return entry
