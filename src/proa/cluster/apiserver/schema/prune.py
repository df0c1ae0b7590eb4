"""Dropping what a schema does not know."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.schema.node import Node


def prune(node: Node, value: Any) -> None:
    """Remove unknown fields and nulls from objects, in place; lists keep their elements."""
    if node.open:
        return
    if isinstance(value, dict):
        for name in list(value):
            child = node.field(name)
            if child is None or value[name] is None:
                del value[name]
            else:
                prune(child, value[name])
    elif isinstance(value, list) and node.items is not None:
        for element in value:
            prune(node.items, element)
