"""Whether a schema is structural: what stands where is told outside of allOf, anyOf, oneOf and not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proa.cluster.apiserver.custom.structural import EMBEDDED, INT_OR_STRING, PRESERVE, RULES
from proa.cluster.apiserver.schema.field_error import FieldError, forbidden, invalid_value, required
from proa.cluster.regexp import PatternError, pattern

Schema = Mapping[str, Any]
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_NOT_NESTED = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    (RULES, "must be empty to be structural"),
)
_EMPTY = {"root": "at the root", "item": "for specified array items", "field": "for specified object fields"}


def structure_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """Complaints about a schema from its root on."""
    yield from _place_errors(schema, path, "root")
    yield from _junctor_completeness(schema, schema, path, path)


def _place_errors(schema: Schema, path: str, level: str) -> Iterator[FieldError]:
    type_ = schema.get("type") or ""
    if type_ == "array" and schema.get("items") is None:
        yield required(f"{path}.items", "must be specified")
    if isinstance(schema.get("items"), Mapping):
        yield from _place_errors(schema["items"], f"{path}.items", "item")
    for name, child in (schema.get("properties") or {}).items():
        yield from _place_errors(child, f"{path}.properties[{name}]", "field")
    values = schema.get("additionalProperties")
    if values is not None and values is not False and level == "root":
        yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if isinstance(values, Mapping):
        yield from _place_errors(values, f"{path}.additionalProperties", "field")
    yield from _extension_errors(schema, path)
    yield from _junctor_errors(schema, path, *_int_or_string_pattern(schema))
    yield from _type_errors(schema, type_, path, level)
    yield from _metadata_errors(schema, path, level)


def _int_or_string_pattern(schema: Schema) -> tuple[bool, bool]:
    """Whether anyOf, or that of the first of allOf, is the one that int-or-string may have."""
    first = (schema.get("allOf") or [{}])[0]
    return schema.get("anyOf") == _INT_OR_STRING, first.get("anyOf") == _INT_OR_STRING


def _extension_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    if schema.get(INT_OR_STRING):
        for name in (PRESERVE, EMBEDDED):
            if schema.get(name):
                yield invalid_value(f"{path}.{name}", True, f"must be false if {INT_OR_STRING} is true")


def _type_errors(schema: Schema, type_: str, path: str, level: str) -> Iterator[FieldError]:
    embedded = bool(schema.get(EMBEDDED))
    if embedded and type_ != "object":
        detail = f"must be object if {EMBEDDED} is true"
        yield invalid_value(f"{path}.type", type_, detail) if type_ else required(f"{path}.type", detail)
    elif not type_ and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield required(f"{path}.type", f"must not be empty {_EMPTY[level]}")
    if embedded and schema.get("additionalProperties") is not None:
        yield forbidden(f"{path}.additionalProperties", f"must not be used if {EMBEDDED} is set")
    if level == "root" and type_ and type_ != "object":
        yield invalid_value(f"{path}.type", type_, "must be object at the root")
    if embedded and not schema.get(PRESERVE) and not schema.get("properties"):
        detail = f"must not be empty if {EMBEDDED} is true without {PRESERVE}"
        yield required(f"{path}.properties", detail)


def _metadata_errors(schema: Schema, path: str, level: str) -> Iterator[FieldError]:
    properties = schema.get("properties") or {}
    if not (level == "root" or schema.get(EMBEDDED)):
        return
    for name in ("kind", "apiVersion"):
        if name in properties and (properties[name].get("type") or "") != "string":
            where = f"{path}.properties[{name}].type"
            yield invalid_value(where, properties[name].get("type") or "", "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    where = f"{path}.properties[metadata]"
    if (metadata.get("type") or "") != "object":
        yield invalid_value(f"{where}.type", metadata.get("type") or "", "must be object")
    allowed = {"type", "properties", "default"}
    beyond = set(metadata.get("properties") or ()) - {"name", "generateName"}
    if level == "root" and (beyond or set(metadata) - allowed):
        detail = (
            "must not specify anything other than name and generateName, but metadata is implicitly specified"
        )
        yield forbidden(where, detail)


def _junctor_errors(
    schema: Schema, path: str, skip_any: bool = False, skip_all_any: bool = False
) -> Iterator[FieldError]:
    for name in ("anyOf", "allOf", "oneOf"):
        if name == "anyOf" and skip_any:
            continue
        for index, nested in enumerate(schema.get(name) or ()):
            skip = name == "allOf" and index == 0 and skip_all_any
            yield from _nested_errors(nested, f"{path}.{name}[{index}]", skip)
    if schema.get("not") is not None:
        yield from _nested_errors(schema["not"], f"{path}.not")
    if schema.get("pattern"):
        try:
            pattern(schema["pattern"])
        except PatternError as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            yield invalid_value(f"{path}.pattern", schema["pattern"], detail)


def _nested_errors(schema: Schema, path: str, skip_any: bool = False) -> Iterator[FieldError]:
    yield from _junctor_errors(schema, path, skip_any)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested_errors(schema["items"], f"{path}.items")
    for name, child in (schema.get("properties") or {}).items():
        yield from _nested_errors(child, f"{path}.properties[{name}]")
    for name, detail in _NOT_NESTED:
        if schema.get(name) not in (None, False, "", []):
            yield forbidden(f"{path}.{name}", detail)
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _junctor_completeness(schema: Schema, place: Schema | None, at: str, said: str) -> Iterator[FieldError]:
    """What is judged in a junctor must be specified outside of it."""
    if place is None:
        yield required(at, f"because it is defined in {said}")
        return
    nested = [(f"{said}.not", schema["not"])] if schema.get("not") is not None else []
    for name in ("allOf", "anyOf", "oneOf"):
        nested += [(f"{said}.{name}[{index}]", one) for index, one in enumerate(schema.get(name) or ())]
    for where, one in nested:
        yield from _nested_completeness(one, place, at, where)


def _nested_completeness(schema: Schema, place: Schema | None, at: str, said: str) -> Iterator[FieldError]:
    if place is None:
        yield required(at, f"because it is defined in {said}")
        return
    yield from _junctor_completeness(schema, place, at, said)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested_completeness(schema["items"], place.get("items"), f"{at}.items", f"{said}.items")
    for name, child in (schema.get("properties") or {}).items():
        below = (place.get("properties") or {}).get(name)
        where, why = f"{at}.properties[{name}]", f"{said}.properties[{name}]"
        yield from _nested_completeness(child, below, where, why)
