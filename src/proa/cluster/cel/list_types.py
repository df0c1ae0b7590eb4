"""Lists that are sets or maps by their schema: order means nothing to `==`, and `+` merges.

Source: Kubernetes' documentation of validation rules, `x-kubernetes-list-type`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.cluster.cel import values
from proa.cluster.cel.functions import Overload
from proa.cluster.cel.functions.operators import smaller
from proa.cluster.cel.types import BOOL, Type


def specialize(function: str, given: Sequence[Type]) -> Overload | None:
    """The operator for operands of these types, where one of them is a set or a map."""
    declared = next((t for t in given if t.kind == "list" and t.list_type in ("set", "map")), None)
    if declared is None or len(given) != 2 or any(t.kind != "list" for t in given):
        return None
    keys = declared.list_keys if declared.list_type == "map" else ()
    if function == "_==_":
        return Overload(function, (), BOOL, lambda a, b: _same(a, b, keys), cost=smaller)
    if function == "_!=_":
        return Overload(function, (), BOOL, lambda a, b: not _same(a, b, keys), cost=smaller)
    if function == "_+_" and given[0].list_type in ("set", "map"):
        return Overload(function, (), given[0], lambda a, b: _merged(a, b, keys))
    return None


def _same(first: list[Any], second: list[Any], keys: tuple[str, ...]) -> bool:
    if len(first) != len(second):
        return False
    if keys:
        mine, theirs = _by_key(first, keys), _by_key(second, keys)
        return mine.keys() == theirs.keys() and all(values.equal(mine[k], theirs[k]) for k in mine)
    return all(any(values.equal(a, b) for b in second) for a in first)


def _by_key(elements: list[Any], keys: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    return {_identity(element, keys): element for element in elements}


def _identity(element: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(repr(element.get(key)) if isinstance(element, dict) else "" for key in keys)


def _merged(first: list[Any], second: list[Any], keys: tuple[str, ...]) -> list[Any]:
    """The first list in its order, elements of the second in place of those they replace, the rest last."""
    if keys:
        return list({**_by_key(first, keys), **_by_key(second, keys)}.values())
    return first + [b for b in second if not any(values.equal(a, b) for a in first)]
