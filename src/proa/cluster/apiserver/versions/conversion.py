"""A served version of a built-in kind beside the one that is stored, as a pair of pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from proa.cluster.apiserver import codec
from proa.cluster.store import Entry
from proa.errors import BadRequest
from proa.kube.resources import Object

Convert = Callable[[Object], Object]


@contextmanager
def old_form(obj: Object) -> Iterator[None]:
    """What old versions say is read before it is checked: raises BadRequest where a field's type is wrong."""
    try:
        yield
    except (AttributeError, TypeError, KeyError) as error:
        opening = f'{obj.get("kind")} in version "{obj.get("apiVersion")}" cannot be handled'
        raise BadRequest(f"{opening}: a field has another type than this version gives it") from error


@dataclass(frozen=True)
class PureConversion:
    """`show` makes of a stored object one of this version, `store` the other way round."""

    show: Convert
    store: Convert

    @property
    def keeps_labels(self) -> bool:
        """Always: versions of built-in kinds differ elsewhere."""
        return True

    def passes(self, _: Entry) -> bool:
        """Never: what is stored is of another version."""
        return False

    async def shown(self, entries: Sequence[Entry]) -> list[Entry]:
        """Stored entries as clients of this version see them."""
        return [self._shown(entry) for entry in entries]

    async def converted(self, obj: Object) -> Object:
        """A stored object in this version."""
        return self.show(obj)

    async def stored(self, obj: Object) -> Object:
        """An object of this version as it is stored. Raises BadRequest."""
        with old_form(obj):
            return self.store(obj)

    def _shown(self, entry: Entry) -> Entry:
        value = codec.encode(self.show(codec.decode(entry)))
        cut = len(value.head)
        return Entry(entry.key, entry.revision, cut, b"%b%d%b" % (value.head, entry.revision, value.tail))
