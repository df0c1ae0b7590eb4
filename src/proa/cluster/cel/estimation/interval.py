"""What something may be at least and at most: a size in elements, or a cost; no more than 2^64 - 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

LARGEST = (1 << 64) - 1
TRAVERSAL = 0.1
"""The cost of a character that is looked at (cel-go, common/cost.go)."""
REGEX = 0.25
"""The cost of a character of a regular expression."""


def _saturated(value: int) -> int:
    return min(value, LARGEST)


def _scaled(value: int, factor: float) -> int:
    return _saturated(math.ceil(float(value) * factor))


@dataclass(frozen=True, slots=True)
class Interval:
    """From least to most, both included."""

    least: int = 0
    most: int = 0

    def __add__(self, other: Interval) -> Interval:
        return Interval(_saturated(self.least + other.least), _saturated(self.most + other.most))

    def __mul__(self, other: Interval) -> Interval:
        return Interval(_saturated(self.least * other.least), _saturated(self.most * other.most))

    def __or__(self, other: Interval) -> Interval:
        return Interval(min(self.least, other.least), max(self.most, other.most))

    def scaled(self, factor: float) -> Interval:
        """Times a factor, rounded up."""
        return Interval(_scaled(self.least, factor), _scaled(self.most, factor))


def exactly(value: int) -> Interval:
    """One value."""
    return Interval(value, value)


def at_most(value: int) -> Interval:
    """From nothing to a value."""
    return Interval(0, value)


NOTHING = Interval(LARGEST, 0)
"""The empty union."""
UNKNOWN = Interval(0, LARGEST)
ZERO, ONE = exactly(0), exactly(1)
