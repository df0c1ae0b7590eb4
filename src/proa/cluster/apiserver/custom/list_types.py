"""Lists of type set and map: no element, or no key, twice. Pure.

Source: apiextensions-apiserver, pkg/apiserver/schema/listtype.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from proa.cluster.apiserver.custom.structural import Structural
from proa.cluster.apiserver.schema.field_error import FieldError, duplicate, invalid_value


def duplicates(value: Any, place: Structural, path: str = "") -> list[FieldError]:
    """Complaints about every second appearance."""
    if not place.has_keyed_lists:
        return []
    if isinstance(value, dict):
        return _in_object(value, place, path)
    return _in_list(value, place, path) if isinstance(value, list) else []


def _in_object(value: dict[str, Any], place: Structural, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, item in value.items():
        if name in place.properties:
            below = f"{path}.{name}" if path else name
            errors += duplicates(item, place.properties[name], below)
        elif place.values is not None:
            errors += duplicates(item, place.values, f"{path}[{name}]")
    return errors


def _in_list(value: list[Any], place: Structural, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if place.list_type == "set":
        errors += [duplicate(f"{path}[{index}]", value[index]) for index in _repeated(value)]
    elif place.list_type == "map":
        errors += _in_map(value, place, path)
    if place.items is not None:
        for index, item in enumerate(value):
            errors += duplicates(item, place.items, f"{path}[{index}]")
    return errors


def _in_map(value: list[Any], place: Structural, path: str) -> list[FieldError]:
    for index, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            detail = "must be an object for an array of list-type map"
            return [invalid_value(f"{path}[{index}]", item, detail)]
    keys = [{name: item[name] for name in place.list_map_keys if name in (item or {})} for item in value]
    return [duplicate(f"{path}[{index}]", keys[index]) for index in _repeated(keys)]


def _repeated(items: Iterable[Any]) -> list[int]:
    """Where something appears for the second time; further times are not told."""
    seen: Counter[str] = Counter()
    found = []
    for index, item in enumerate(items):
        text = json.dumps(item, sort_keys=True)
        seen[text] += 1
        if seen[text] == 2:
            found.append(index)
    return found
