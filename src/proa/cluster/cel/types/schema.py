"""The type that an OpenAPI or structural schema gives to what it describes.

Source: apiserver, pkg/cel (common, escaping); kubernetes.io, validation rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from proa.cluster.cel.types import declared as types
from proa.cluster.cel.types.declared import Field, Type

Schema = Mapping[str, Any]
Resolve = Callable[[str], Schema]
"""From what a `$ref` names to the schema."""

RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
        *("package", "namespace", "return", "var", "void", "while"),
    }
)
"""Words that no identifier may be."""

_KEYWORDS = RESERVED | {"true", "false", "null", "in"}
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED = re.compile(r"__|[./-]")
_EXPRESSIBLE = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*", re.ASCII)
_FORMATS = {
    "byte": types.BYTES,
    "duration": types.DURATION,
    "date": types.TIMESTAMP,
    "date-time": types.TIMESTAMP,
}
_SCALARS = {"boolean": types.BOOL, "number": types.DOUBLE, "integer": types.INT}
_METADATA = {"type": "object", "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}}}
_ROOT_PROPERTIES: Schema = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": _METADATA,
}


def escape(name: str) -> str | None:
    """How expressions spell a property: `a-b` is `a__dash__b`; None for what they cannot spell."""
    if name in _KEYWORDS:
        return f"__{name}__"
    if not _EXPRESSIBLE.fullmatch(name):
        return None
    return _ESCAPED.sub(lambda match: _ESCAPES[match.group()], name)


def from_schema(
    schema: Schema, *, name: str = "object", root: bool = False, resolve: Resolve | None = None
) -> Type | None:
    """The type of what a schema describes; None where expressions see nothing of it.

    `name` begins the names of the object types. A `root` has apiVersion, kind and metadata in any case.
    """
    reader = _Reader(resolve)
    return reader.read(schema, name, root=root or bool(schema.get("x-kubernetes-embedded-resource")))


class _Reader:
    def __init__(self, resolve: Resolve | None) -> None:
        self._resolve = resolve
        self._open: set[str] = set()

    def read(self, schema: Schema, name: str, *, root: bool = False) -> Type | None:
        if "$ref" in schema and self._resolve:
            return self._referred(schema["$ref"], name)
        if len(schema.get("allOf", ())) == 1 and "$ref" in schema["allOf"][0] and self._resolve:
            return self._referred(schema["allOf"][0]["$ref"], name)
        if schema.get("x-kubernetes-int-or-string"):
            return types.DYN
        kind = schema.get("type") or ("object" if root else None)
        if kind == "array":
            return self._list(schema, name)
        if kind == "object":
            return self._object(schema, name, root=root)
        if kind == "string":
            return _FORMATS.get(schema.get("format", ""), types.STRING)
        return _SCALARS.get(kind or "")

    def _referred(self, reference: str, name: str) -> Type | None:
        assert self._resolve is not None
        if reference in self._open:
            return types.DYN
        self._open.add(reference)
        found = self.read(self._resolve(reference), name)
        self._open.discard(reference)
        return found

    def _nested(self, schema: Schema, name: str) -> Type | None:
        return self.read(schema, name, root=bool(schema.get("x-kubernetes-embedded-resource")))

    def _list(self, schema: Schema, name: str) -> Type | None:
        items = schema.get("items")
        element = self._nested(items, f"{name}.@idx") if items else None
        if element is None:
            return None
        list_type = str(schema.get("x-kubernetes-list-type", ""))
        return types.list_of(element, list_type, tuple(schema.get("x-kubernetes-list-map-keys", ())))

    def _object(self, schema: Schema, name: str, *, root: bool) -> Type | None:
        values = schema.get("additionalProperties")
        if isinstance(values, Mapping):
            value = self._nested(values, f"{name}.@elem")
            return types.map_of(types.STRING, value) if value else None
        properties = schema.get("properties") or {}
        if root:
            properties = with_root(properties)
        fields: dict[str, Field] = {}
        for key, child in properties.items():
            spelled = escape(key)
            declared = self._nested(child, f"{name}.{spelled}") if spelled else None
            if spelled and declared:
                fields[spelled] = Field(declared, key)
                if key in RESERVED:
                    fields[key] = fields[spelled]
        return Type("object", name, fields=fields)


def with_root(properties: Schema) -> Schema:
    if {"$ref", "allOf"} & set(properties.get("metadata") or ()):
        return {**_ROOT_PROPERTIES, **properties}
    named = (properties.get("metadata") or {}).get("properties") or {}
    metadata = {"type": "object", "properties": {**_METADATA["properties"], **named}}  # type: ignore[dict-item]
    return {**_ROOT_PROPERTIES, **properties, "metadata": metadata}
