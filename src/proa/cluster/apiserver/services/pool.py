"""Numbers that are each given to one owner. Pure but for the choice of a free one."""

from __future__ import annotations

import random
from itertools import chain

_GUESSES = 32


class Pool:
    """Numbers from `first` to `last`; those below `dynamic` are only given when asked for by number."""

    def __init__(self, first: int, last: int, dynamic: int) -> None:
        self._first, self._last, self._dynamic = first, last, dynamic
        self._owners: dict[int, str] = {}

    def __contains__(self, number: int) -> bool:
        return self._first <= number <= self._last

    def owner(self, number: int) -> str | None:
        """Who has the number."""
        return self._owners.get(number)

    def take(self, number: int, owner: str) -> bool:
        """Give a certain number; False when another has it. Numbers out of range are nobody's."""
        return number not in self or self._owners.setdefault(number, owner) == owner

    def pick(self, owner: str) -> int | None:
        """Give any free number, high ones by preference; None when all are taken."""
        guesses = (random.randint(self._dynamic, self._last) for _ in range(_GUESSES))
        everything = chain(range(self._dynamic, self._last + 1), range(self._first, self._dynamic))
        for number in chain(guesses, everything):
            if number not in self._owners:
                self._owners[number] = owner
                return number
        return None

    def release(self, number: int, owner: str) -> None:
        """Take the number back, if it is that owner's."""
        if self._owners.get(number) == owner:
            del self._owners[number]
