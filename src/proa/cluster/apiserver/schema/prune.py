"""Bringing an object into the shape in which it is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from proa.cluster.apiserver.schema.node import Node


def prune(node: Node, value: Any) -> None:
    """Remove unknown fields, nulls and what says no more than its absence; in place.

    That are empty lists and maps, and zero values of what upstream's types hold by value. Quantities
    and times become canonical. The value must have passed `check`, unknown fields aside.
    """
    if node.open:
        return
    if isinstance(value, dict):
        prune_object(node, value)
    elif isinstance(value, list) and node.items is not None:
        for index, element in enumerate(value):
            if node.items.written is not None:
                value[index] = node.items.written(element)
            else:
                prune(node.items, element)


def prune_object(node: Node, value: dict[str, Any], settled: Collection[str] = ()) -> None:
    """The same for an object, less the fields that are `settled`."""
    omitted = node.presence.omitted
    for name in [name for name in value if name not in settled]:
        child, item = node.field(name), value[name]
        if child is not None and child.plain is item.__class__ and (item or name not in omitted):
            continue
        if child is None or item is None or (not item and (name in omitted or _is_nothing(child, item))):
            del value[name]
        elif child.written is not None:
            _write(child.written, value, name)
        elif isinstance(item, dict | list):
            prune(child, item)


def _write(written: Callable[[Any], Any], value: dict[str, Any], name: str) -> None:
    """Write a quantity or time as the API does; what stands for none goes."""
    value[name] = written(value[name])
    if value[name] is None:
        del value[name]


def _is_nothing(node: Node, item: Any) -> bool:
    """An empty list or map says no more than an absent one; an empty object (`emptyDir: {}`) does."""
    return item == [] or (item == {} and node.values is not None)


def complete(node: Node, value: dict[str, Any], settled: Collection[str] = ()) -> None:
    """Add, in place, what upstream's types hold by value and write even when nobody set it.

    What is `settled` at the top is not looked at.
    """
    for name, zero in node.presence.always.items():
        if name not in value and name not in settled:
            value[name] = {} if zero == {} else zero
    for name, item in value.items():
        if item.__class__ is dict or item.__class__ is list:
            child = node.field(name)
            if child is not None and child.structured and name not in settled:
                _complete_below(child, item)


def _complete_below(node: Node, value: Any) -> None:
    if value.__class__ is dict:
        complete(node, value)
    elif node.items is not None:
        for item in value:
            if item.__class__ is dict:
                complete(node.items, item)
