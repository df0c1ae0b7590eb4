"""Filling in what a schema gives as defaults. Pure.

Source: apiextensions-apiserver, pkg/apiserver/schema/defaulting.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from proa.cluster.apiserver.custom.structural import Structural


def default(value: Any, place: Structural) -> None:
    """Fill in, in place, what is absent or null against the schema. A second call changes nothing."""
    if place.has_defaults:
        _fill(value, place)


def _fill(value: Any, place: Structural) -> None:
    if isinstance(value, dict):
        for name, child in place.properties.items():
            if child.default is not None and (name not in value or _is_wrong_null(value[name], child)):
                value[name] = deepcopy(child.default)
        for name in value:
            below = place.child(name)
            if below is not None and below.has_defaults:
                if value[name] is None and below is place.values and not below.nullable:
                    value[name] = deepcopy(below.default)
                _fill(value[name], below)
    elif isinstance(value, list) and place.items is not None and place.items.has_defaults:
        for index, item in enumerate(value):
            if _is_wrong_null(item, place.items):
                value[index] = deepcopy(place.items.default)
            _fill(value[index], place.items)


def _is_wrong_null(value: Any, place: Structural) -> bool:
    return value is None and not place.nullable
