"""How large the values of a schema can be in one request. Pure.

Source: apiserver, pkg/cel/common/schemas.go and pkg/cel/limits.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.cel.types import escape
from proa.cluster.cel.types.schema import with_root

Schema = Mapping[str, Any]
REQUEST = 3 << 20
"""Bytes of the largest request."""

_UTF8 = 4
_DEFAULT_TEXT = REQUEST - 2
_KEYS = ("@keys",)
_ELEMENTS = ("@items", "@values")
_TEXTS: Mapping[str, tuple[int, int]] = {"duration": (3, 32), "date": (12, 12), "date-time": (21, 32)}
"""By format: the bytes of the shortest, and the characters of the longest."""
_SCALARS = {"boolean": 4, "number": 1, "integer": 1}


@dataclass(frozen=True, slots=True)
class Sized:
    """Of one place: how many elements or characters at most, and how many bytes at least in JSON."""

    most: int
    bytes: int
    fields: Mapping[str, Sized] = field(default_factory=dict)
    element: Sized | None = None
    keyed: bool = False

    def at(self, path: tuple[str, ...]) -> Sized | None:
        """The place that a path of fields, `@items`, `@values` and `@keys` leads to."""
        place: Sized | None = self
        for name in path:
            if place is None:
                return None
            if name in _ELEMENTS:
                place = place.element
            elif name in _KEYS:
                place = _KEY if place.keyed else None
            else:
                place = place.fields.get(name)
        return place


_KEY = Sized(0, 0)
"""Keys count as nothing; upstream does not say how long they are."""


def sized(schema: Schema, *, root: bool = False) -> Sized | None:
    """The sizes of what a schema describes; None where expressions see nothing of it."""
    if schema.get("x-kubernetes-int-or-string"):
        return Sized(_length(schema, _DEFAULT_TEXT), 1)
    type_ = schema.get("type") or ("object" if root else "")
    if type_ == "array":
        return _list(schema)
    if type_ == "object":
        return (
            _map(schema) if isinstance(schema.get("additionalProperties"), Mapping) else _object(schema, root)
        )
    if type_ == "string":
        return _text(schema)
    return Sized(0, _SCALARS[type_]) if type_ in _SCALARS else None


def _nested(schema: Schema) -> Sized | None:
    return sized(schema, root=bool(schema.get("x-kubernetes-embedded-resource")))


def _limit(schema: Schema, name: str, otherwise: int) -> int:
    given = schema.get(name)
    return otherwise if given is None else max(0, int(given))


def _length(schema: Schema, otherwise: int) -> int:
    return _UTF8 * _limit(schema, "maxLength", 0) if schema.get("maxLength") is not None else otherwise


def _list(schema: Schema) -> Sized | None:
    items = schema.get("items")
    element = _nested(items) if items is not None else None
    if element is None:
        return None
    return Sized(_limit(schema, "maxItems", (REQUEST - 2) // (element.bytes + 1)), 2, element=element)


def _map(schema: Schema) -> Sized | None:
    value = _nested(schema["additionalProperties"])
    if value is None:
        return None
    most = _limit(schema, "maxProperties", (REQUEST - 2) // (value.bytes + 6))
    return Sized(most, 2, element=value, keyed=True)


def _object(schema: Schema, root: bool) -> Sized:
    properties = schema.get("properties") or {}
    required, smallest, fields = set(schema.get("required") or ()), 2, {}
    for name, child in (with_root(properties) if root else properties).items():
        below = _nested(child)
        if below is None:
            continue
        if spelled := escape(name):
            fields[spelled] = below
        if name in required and child.get("default") is None:
            smallest += len(name) + below.bytes + 4
    return Sized(0, smallest, fields)


def _text(schema: Schema) -> Sized:
    format_ = schema.get("format", "")
    if format_ in _TEXTS:
        shortest, longest = _TEXTS[format_]
        return Sized(longest, shortest)
    if format_ == "byte":
        return Sized(_limit(schema, "maxLength", _DEFAULT_TEXT), 2)
    listed = [len(text.encode()) for text in schema.get("enum") or () if isinstance(text, str)]
    return Sized(_length(schema, max(listed, default=0) if schema.get("enum") else _DEFAULT_TEXT), 2)
