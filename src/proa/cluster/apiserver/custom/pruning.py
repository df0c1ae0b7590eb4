"""Dropping the fields that a schema does not know, and nulls that it does not allow. Pure.

Source: apiextensions-apiserver, pkg/apiserver/schema/pruning.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.custom.structural import META_FIELDS, Structural


def prune(value: Any, place: Structural) -> list[str]:
    """Drop unknown fields in place; their paths, sorted. What every object has in common stays."""
    dropped: list[str] = []
    _prune(value, place, "", dropped)
    return sorted(dropped)


def _prune(value: Any, place: Structural | None, path: str, dropped: list[str]) -> None:
    if isinstance(value, list):
        items = place.items if place is not None else None
        if place is None or items is not None or not place.preserve:
            for index, item in enumerate(value):
                if item.__class__ in (dict, list):
                    _prune(item, items, f"{path}[{index}]", dropped)
    elif isinstance(value, dict):
        _prune_object(value, place, path, dropped)


def _prune_object(value: dict[str, Any], place: Structural | None, path: str, dropped: list[str]) -> None:
    properties = place.properties if place is not None else {}
    kept = place is not None and place.preserve
    is_map = place is not None and place.is_map
    for name in tuple(value):
        if name in META_FIELDS and place is not None and place.embedded:
            continue
        below = f"{path}.{name}" if path else name
        child = properties.get(name)
        if child is not None:
            item = value[name]
            if item.__class__ in (dict, list):
                _prune(item, child, below, dropped)
        elif is_map and place is not None:
            if place.values is not None or not kept:
                _prune(value[name], place.values, below, dropped)
        elif not kept:
            dropped.append(below)
            del value[name]


def drop_nulls(value: Any, place: Structural) -> None:
    """Drop, in place, the nulls that may not be, but for those that a default will replace."""
    if isinstance(value, dict):
        for name in tuple(value):
            child, item = place.child(name), value[name]
            if child is None:
                continue
            if item is None and not child.nullable and child.default is None:
                del value[name]
            elif item.__class__ in (dict, list):
                drop_nulls(item, child)
    elif isinstance(value, list) and place.items is not None:
        for item in value:
            if item.__class__ in (dict, list):
                drop_nulls(item, place.items)
