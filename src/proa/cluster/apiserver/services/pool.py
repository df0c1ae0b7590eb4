"""Numbers that are each given to one owner. Pure but for the choice of a free one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

_GUESSES = 32


class Span(NamedTuple):
    """Numbers from `first` to `last`; those below `dynamic` are given last when any will do."""

    first: int
    last: int
    dynamic: int


class Pool:
    """Numbers of some spans. Who has one keeps it when its span goes."""

    def __init__(self, *spans: Span) -> None:
        self.spans: Sequence[Span] = spans
        self._owners: dict[int, str] = {}

    def __contains__(self, number: int) -> bool:
        return any(span.first <= number <= span.last for span in self.spans)

    def owner(self, number: int) -> str | None:
        """Who has the number."""
        return self._owners.get(number)

    def take(self, number: int, owner: str) -> bool:
        """Give a certain number; False when another has it."""
        return self._owners.setdefault(number, owner) == owner

    def pick(self, owner: str) -> int | None:
        """Give any free number of the first span that has one; None when all are taken."""
        for span in self.spans:
            for number in _candidates(span):
                if number not in self._owners:
                    self._owners[number] = owner
                    return number
        return None

    def release(self, number: int, owner: str) -> None:
        """Take the number back, if it is that owner's."""
        if self._owners.get(number) == owner:
            del self._owners[number]


def _candidates(span: Span) -> Iterator[int]:
    guesses = (random.randint(span.dynamic, span.last) for _ in range(_GUESSES))
    return chain(guesses, range(span.dynamic, span.last + 1), range(span.first, span.dynamic))
