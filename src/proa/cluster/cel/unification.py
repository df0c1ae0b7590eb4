"""Comparing types that hold type variables.

Source: the type checking rules of cel-go, which decide what compiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from proa.cluster.cel.types import DYN, Type

_NULLABLE = ("opaque", "object", "duration", "timestamp")


@dataclass
class Substitution:
    """What is known of type variables so far. A failed attempt leaves no trace."""

    _known: dict[str, Type] = field(default_factory=dict)
    _fresh: int = 0

    def fresh(self) -> Type:
        """A variable that nothing is known about."""
        self._fresh += 1
        return Type("param", f"_var{self._fresh - 1}")

    def assign(self, target: Type, value: Type) -> bool:
        """Whether a value of one type may stand where the other is wanted; learns from it if so."""
        return self.assign_all([target], [value])

    def assign_all(self, targets: Sequence[Type], values: Sequence[Type]) -> bool:
        """The same for each pair; all or nothing."""
        before = dict(self._known)
        if len(targets) == len(values) and self._assign_lists(targets, values):
            return True
        self._known = before
        return False

    def resolve(self, given: Type, *, open_ended: bool = False) -> Type:
        """The type with all known variables replaced, and with `open_ended` the unknown ones by dyn."""
        if given.kind == "param":
            if given.name in self._known:
                return self.resolve(self._known[given.name], open_ended=open_ended)
            return DYN if open_ended else given
        if not given.params:
            return given
        params = tuple(self.resolve(p, open_ended=open_ended) for p in given.params)
        if params == given.params:
            return given
        return Type(given.kind, given.name, params, given.fields, given.list_type, given.list_keys)

    def instantiate(self, signature: Sequence[Type]) -> list[Type]:
        """The signature with fresh variables in place of its own."""
        own: dict[str, Type] = {}
        return [self._renamed(given, own) for given in signature]

    def _renamed(self, given: Type, own: dict[str, Type]) -> Type:
        if given.kind == "param":
            if given.name not in own:
                own[given.name] = self.fresh()
            return own[given.name]
        if not given.params:
            return given
        return Type(given.kind, given.name, tuple(self._renamed(p, own) for p in given.params))

    def _assign_lists(self, first: Sequence[Type], second: Sequence[Type]) -> bool:
        return len(first) == len(second) and all(map(self._assign, first, second))

    def _assign(self, first: Type, second: Type) -> bool:
        if second.kind == "param":
            fits, known = self._bind(first, second)
            if fits or known:
                return fits
        if first.kind == "param":
            return self._bind(second, first)[0]
        if first.is_open or second.is_open:
            return True
        if "null" in (first.kind, second.kind):
            other = second if first.kind == "null" else first
            return other.kind in (*_NULLABLE, "null")
        if first.kind == "type":
            return second.kind == "type"
        if first.kind != second.kind or first.name != second.name:
            return False
        return self._assign_lists(first.params, second.params)

    def _bind(self, value: Type, variable: Type) -> tuple[bool, bool]:
        """(whether the value fits the variable, whether the variable was known)."""
        if value == variable:
            return True, True
        known = self._known.get(variable.name)
        if known is None:
            if self._occurs(variable, value):
                return False, False
            self._known[variable.name] = value
            return True, False
        if value == known:
            return True, True
        if not self._assign(value, known):
            return False, True
        general = most_general(value, known)
        if not self._occurs(variable, general):
            self._known[variable.name] = general
        return True, True

    def _occurs(self, variable: Type, within: Type) -> bool:
        if within == variable:
            return True
        if within.kind == "param":
            known = self._known.get(within.name)
            return known is not None and self._occurs(variable, known)
        return any(self._occurs(variable, p) for p in within.params)


def most_general(first: Type, second: Type) -> Type:
    """The wider of two types that fit each other."""
    return first if _covers(first, second) else second


def _covers(wide: Type, narrow: Type) -> bool:
    if wide.kind in ("dyn", "param"):
        return True
    if narrow.kind in ("dyn", "param") or wide.kind != narrow.kind:
        return False
    if wide.kind == "type":
        return True
    return (
        wide.name == narrow.name
        and len(wide.params) == len(narrow.params)
        and all(map(_covers, wide.params, narrow.params))
    )
