"""Defaults must themselves be valid, and have no fields that the schema does not know."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from proa.cluster.apiserver.custom.checking import Checker
from proa.cluster.apiserver.custom.pruning import prune
from proa.cluster.apiserver.custom.structural import META_FIELDS, Schema, Structural
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value


def default_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """Complaints about the defaults of a structural schema."""
    yield from _walk(Structural(schema, root=True), path, in_metadata=False)


def _walk(place: Structural, path: str, *, in_metadata: bool) -> Iterator[FieldError]:
    if not place.has_defaults:
        return
    if place.default is not None:
        yield from _errors(place, f"{path}.default", in_metadata)
    if place.items is not None:
        yield from _walk(place.items, f"{path}.items", in_metadata=in_metadata)
    for name, child in place.properties.items():
        inside = in_metadata or (place.embedded and name in META_FIELDS)
        yield from _walk(child, f"{path}.properties[{name}]", in_metadata=inside)


def _errors(place: Structural, path: str, in_metadata: bool) -> Iterator[FieldError]:
    value: Any = place.default
    if not in_metadata and prune(deepcopy(value), place):
        yield invalid_value(path, value, "must not have unknown fields")
    for error in Checker(place.schema).check(value).errors:
        separator = "" if error.field.startswith("[") or not error.field else "."
        named = error.field if error.field == "<nil>" else f"{path}{separator}{error.field}"
        yield replace(error, field=named)
