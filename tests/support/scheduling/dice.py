"""What made-up worlds are thrown with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from proa.kube import Object

T = TypeVar("T")


def maybe(dice: Random, chance: float) -> bool:
    """True that often."""
    return dice.random() < chance


def some(dice: Random, values: Sequence[T], most: int = 2) -> list[T]:
    """One or more of them, in their order."""
    chosen = {dice.randrange(len(values)) for _ in range(dice.randint(1, most))}
    return [values[i] for i in sorted(chosen)]


def name_of(obj: Object) -> str:
    """The object's name."""
    return str(obj["metadata"]["name"])
