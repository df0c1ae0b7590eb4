"""The names of a definition: plural, singular, kind, list kind, short names, categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver.custom.embedded import label_1035_problems
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required

_MIXED = "may have mixed case, but should otherwise match: "


def names_required(names: dict[str, Any]) -> Iterator[FieldError]:
    """The names that a definition must give."""
    for name in ("plural", "singular", "kind", "listKind"):
        if not names.get(name):
            yield required(f"spec.names.{name}")


def name_errors(names: dict[str, Any], path: str) -> Iterator[FieldError]:
    """The form of the names that are given."""
    for field in ("plural", "singular"):
        value = names.get(field)
        if value and (problems := label_1035_problems(value)):
            yield invalid_value(f"{path}.{field}", value, ",".join(problems))
    for field in ("kind", "listKind"):
        value = names.get(field)
        if value and (problems := label_1035_problems(value.lower())):
            yield invalid_value(f"{path}.{field}", value, _MIXED + ",".join(problems))
    yield from _list_errors(names, path, "shortNames")
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        detail = "kind and listKind may not be the same"
        yield invalid_value(f"{path}.listKind", names["listKind"], detail)
    yield from _list_errors(names, path, "categories")


def _list_errors(names: dict[str, Any], path: str, field: str) -> Iterator[FieldError]:
    for index, value in enumerate(names.get(field) or ()):
        if problems := label_1035_problems(value):
            yield invalid_value(f"{path}.{field}[{index}]", value, ",".join(problems))
