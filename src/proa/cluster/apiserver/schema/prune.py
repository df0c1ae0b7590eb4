"""Bringing an object into the shape in which it is stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from proa.cluster.apiserver.schema.node import Node
from proa.cluster.apiserver.schema.quantity import NAME as QUANTITY
from proa.cluster.apiserver.schema.quantity import canonical


def prune(node: Node, value: Any) -> None:
    """Remove unknown fields, nulls, and lists and maps that are empty though not required; in place.

    Quantities become canonical. The value must have passed `check`, unknown fields aside.
    """
    if node.open:
        return
    if isinstance(value, dict):
        prune_object(node, value)
    elif isinstance(value, list) and node.items is not None:
        for index, element in enumerate(value):
            if node.items.name == QUANTITY:
                value[index] = canonical(element)
            else:
                prune(node.items, element)


def prune_object(node: Node, value: dict[str, Any], settled: Collection[str] = ()) -> None:
    """The same for an object, less the fields that are `settled`."""
    for name in [name for name in value if name not in settled]:
        child, item = node.field(name), value[name]
        if child is not None and child.plain is item.__class__:
            continue
        if child is None or item is None or (name not in node.required and _is_nothing(child, item)):
            del value[name]
        elif child.name == QUANTITY:
            value[name] = canonical(item)
        elif isinstance(item, dict | list):
            prune(child, item)


def _is_nothing(node: Node, item: Any) -> bool:
    """An empty list or map says no more than an absent one; an empty object (`emptyDir: {}`) does."""
    return item == [] or (item == {} and node.values is not None)
