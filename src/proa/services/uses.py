"""How often things are in use, and which came into use or went out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Uses(Generic[T]):
    """Counts the users of each thing."""

    def __init__(self) -> None:
        self._counts: dict[T, int] = {}

    def __iter__(self) -> Iterator[T]:
        return iter(self._counts)

    def shift(self, ended: Iterable[T], begun: Iterable[T]) -> tuple[list[T], list[T]]:
        """Counts uses that ended and that began; returns what is newly used and what no longer is."""
        deltas = Counter(begun)
        deltas.subtract(ended)
        come, gone = [], []
        for thing, delta in deltas.items():
            before = self._counts.get(thing, 0)
            after = before + delta
            if after:
                self._counts[thing] = after
            elif before:
                del self._counts[thing]
            if after and not before:
                come.append(thing)
            elif before and not after:
                gone.append(thing)
        return come, gone
