"""What a schema may not say, and what its Kubernetes extensions ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proa.cluster.apiserver.custom.structural import (
    EMBEDDED,
    LIST_MAP_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    META_FIELDS,
    PRESERVE,
)
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    unsupported,
)

Schema = Mapping[str, Any]
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_NOT_SUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")


@dataclass(frozen=True)
class _Place:
    """Where the walk is."""

    path: str
    root: bool = False
    in_metadata: bool = False
    defaults_forbidden: str | None = None

    def below(self, part: str) -> _Place:
        return replace(self, path=f"{self.path}.{part}", root=False)


def schema_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """Complaints about a schema from its root on."""
    yield from _walk(schema, _Place(path, root=True))


def _walk(schema: Schema, place: _Place) -> Iterator[FieldError]:
    yield from _standard_errors(schema, place)
    yield from _map_errors(schema, place)
    for name, child in (schema.get("properties") or {}).items():
        below = place.below(f"properties[{name}]")
        if (place.root or schema.get(EMBEDDED)) and name in META_FIELDS:
            reason = f"in top-level {name}" if place.root else place.defaults_forbidden
            below = replace(below, in_metadata=True, defaults_forbidden=reason)
        yield from _walk(child, below)
    for name in ("allOf", "oneOf", "anyOf"):
        for index, child in enumerate(schema.get(name) or ()):
            yield from _walk(child, place.below(f"{name}[{index}]"))
    for name in ("not", "items"):
        if isinstance(schema.get(name), Mapping):
            yield from _walk(schema[name], place.below(name))
    yield from _extension_errors(schema, place.path)
    yield from _list_errors(schema, place.path)


def _standard_errors(schema: Schema, place: _Place) -> Iterator[FieldError]:
    path, type_ = place.path, schema.get("type") or ""
    if type_ and type_ not in _TYPES:
        yield unsupported(f"{path}.type", type_, _TYPES)
    if schema.get("default") is not None and place.defaults_forbidden is not None:
        yield forbidden(f"{path}.default", f"must not be set {place.defaults_forbidden}".rstrip())
    for name in _NOT_SUPPORTED:
        if schema.get(name):
            yield forbidden(f"{path}.{name}", f"{name} is not supported")
    if type_ == "null":
        yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list):
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.in_metadata and schema.get(EMBEDDED):
        yield forbidden(f"{path}.{EMBEDDED}", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", detail)


def _map_errors(schema: Schema, place: _Place) -> Iterator[FieldError]:
    values = schema.get("additionalProperties")
    if values is None:
        return
    if schema.get("properties") and values is not True:
        detail = "additionalProperties and properties are mutual exclusive"
        yield forbidden(f"{place.path}.additionalProperties", detail)
    if isinstance(values, Mapping):
        below = place.below("additionalProperties")
        if place.in_metadata:
            reason = "inside additionalProperties applying to object metadata"
            below = replace(below, defaults_forbidden=reason)
        yield from _walk(values, below)


def _extension_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    if schema.get(PRESERVE) is False:
        yield invalid_value(f"{path}.{PRESERVE}", False, "must be true or undefined")
    for extension, type_, known in (
        (MAP_TYPE, "object", ("atomic", "granular")),
        (LIST_TYPE, "array", ("atomic", "set", "map")),
    ):
        value = schema.get(extension)
        if value is None:
            continue
        if schema.get("type") != type_:
            detail, given = f"must be {type_} if {extension} is specified", schema.get("type") or ""
            yield invalid_value(f"{path}.type", given, detail) if given else required(f"{path}.type", detail)
        if value not in known:
            yield unsupported(f"{path}.{extension}", value, known)


def _list_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    kind, keys, items = schema.get(LIST_TYPE), schema.get(LIST_MAP_KEYS) or [], schema.get("items")
    if keys and kind is None:
        yield required(f"{path}.{LIST_TYPE}", f"must be map if {LIST_MAP_KEYS} is non-empty")
    elif keys and kind != "map":
        yield invalid_value(f"{path}.{LIST_TYPE}", kind, f"must be map if {LIST_MAP_KEYS} is non-empty")
    if kind == "set" and schema.get("type") == "array" and isinstance(items, Mapping):
        yield from _set_errors(items, path)
    if kind == "map":
        yield from _key_errors(keys, items, path)
    if kind in ("set", "map") and isinstance(items, Mapping) and items.get("nullable"):
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when {LIST_TYPE} is {kind}")


def _set_errors(items: Schema, path: str) -> Iterator[FieldError]:
    detail = f"must be atomic as item of a list with {LIST_TYPE}=set"
    if items.get("type") == "array" and (items.get(LIST_TYPE) or "atomic") != "atomic":
        yield invalid_value(f"{path}.items.{LIST_TYPE}", items.get(LIST_TYPE), detail)
    if items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
        yield invalid_value(f"{path}.items.{MAP_TYPE}", items.get(LIST_TYPE), detail)


def _key_errors(keys: list[str], items: Any, path: str) -> Iterator[FieldError]:
    if not keys:
        yield required(f"{path}.{LIST_MAP_KEYS}", f"must not be empty if {LIST_TYPE} is map")
    if items is None:
        yield required(f"{path}.items", f"must have a schema if {LIST_TYPE} is map")
        return
    if not isinstance(items, Mapping):
        return
    if items.get("type") != "object":
        detail = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid_value(f"{path}.items.type", items.get("type") or "", detail)
        return
    properties, needed = items.get("properties") or {}, items.get("required") or ()
    for index, key in enumerate(keys):
        place, where = properties.get(key), f"{path}.items.properties[{key}]"
        if place is None:
            detail = "entries must all be names of item properties"
            yield invalid_value(f"{path}.{LIST_MAP_KEYS}", keys, detail)
        elif place.get("type") in ("array", "object"):
            detail = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield invalid_value(f"{where}.type", items["type"], detail)
        if key in keys[:index]:
            yield invalid_value(f"{path}.{LIST_MAP_KEYS}", keys, "must not contain duplicate entries")
        if place is not None and key not in needed and place.get("default") is None:
            detail = (
                f"this property is in {LIST_MAP_KEYS}, so it must have a default or be a required property"
            )
            yield required(f"{where}.default", detail)
        if place is not None and place.get("nullable"):
            detail = f"this property is in {LIST_MAP_KEYS}, so it cannot be nullable"
            yield forbidden(f"{where}.nullable", detail)
