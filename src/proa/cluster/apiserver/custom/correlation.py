"""Which part of a stored object a part of its successor corresponds to. Pure.

Unchanged parts may stay as they are even if they would be refused today. Source: KEP-4008;
apiserver, pkg/cel/common/equality.go.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.custom.structural import ABSENT, LIST_MAP_KEYS, LIST_TYPE, MAP_TYPE, Schema


def key_before(schema: Schema, name: str, old: Any) -> Any:
    """The old value of a field; ABSENT where there was none."""
    if not isinstance(old, dict) or schema.get(MAP_TYPE) == "atomic":
        return ABSENT
    return old.get(name, ABSENT)


def element_before(schema: Schema, item: Any, old: Any) -> Any:
    """The old state of a list's element, known by its keys; ABSENT where there was none."""
    if schema.get(LIST_TYPE) != "map" or not isinstance(item, dict) or not isinstance(old, list):
        return ABSENT
    names = schema.get(LIST_MAP_KEYS) or ()
    wanted = [item.get(name) for name in names]
    for before in old:
        if isinstance(before, dict) and [before.get(name) for name in names] == wanted:
            return before
    return ABSENT


def deep_equal(one: Any, other: Any) -> bool:
    """Equality as JSON has it: true is not 1."""
    if one.__class__ is not other.__class__:
        return (
            isinstance(one, int | float)
            and isinstance(other, int | float)
            and bool(one == other and not isinstance(one, bool) and not isinstance(other, bool))
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(deep_equal(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(deep_equal, one, other))
    return bool(one == other)
