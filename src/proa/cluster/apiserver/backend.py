"""The store as the write paths use it: failures become answers of the API."""

from __future__ import annotations

from dataclasses import dataclass

from proa.cluster.apiserver.admission import Admission
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry, Store, StoreUnavailable
from proa.errors import ServiceUnavailable


class _Answering:
    """Turns a failure of the disk into 503, which clients try again."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, StoreUnavailable):
            raise ServiceUnavailable(str(error)) from error


ANSWERING = _Answering()


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
