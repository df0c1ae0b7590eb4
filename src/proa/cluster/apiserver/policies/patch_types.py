"""The types that mutations make: `Object{...}`, `Object.spec{...}` and `JSONPatch{...}`.

Source: apiserver, pkg/cel/mutation. Fields of objects are not checked against a schema; the name of each
type has to be the path of the field that it is for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from proa.cluster.cel import Type, times
from proa.cluster.cel.compiler import ObjectValue
from proa.cluster.cel.types import DYN, STRING, Field, list_of, object_type
from proa.cluster.cel.values import Duration, Optional, Timestamp

_ROOT = "Object"


class _AnyField(Mapping[str, Field]):
    """Every name is a field."""

    def __getitem__(self, name: str) -> Field:
        return Field(DYN, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


OBJECT = Type("object", _ROOT, fields=_AnyField())
JSON_PATCH = object_type("JSONPatch", {"op": STRING, "path": STRING, "from": STRING, "value": DYN})
JSON_PATCHES = list_of(JSON_PATCH)


def find_type(name: str) -> Type | None:
    """The type of that name, if it is one that mutations make."""
    if name == JSON_PATCH.name:
        return JSON_PATCH
    if name == _ROOT or name.startswith(f"{_ROOT}."):
        return Type("object", name, fields=_AnyField())
    return None


def misplaced(value: Any, place: str = _ROOT) -> list[str]:
    """Complaints about objects whose type's name is not their place."""
    found = []
    if isinstance(value, ObjectValue):
        name = value.cel_type.name
        if name != place:
            found.append(
                f'unexpected type name "{name}", expected "{place}", which matches field name path from root '
                "Object type"
            )
        return found + [c for key, child in value.items() for c in misplaced(child, f"{place}.{key}")]
    if isinstance(value, dict):
        return [complaint for child in value.values() for complaint in misplaced(child, place)]
    if isinstance(value, list):
        return [complaint for child in value for complaint in misplaced(child, place)]
    return found


def as_json(value: Any) -> Any:
    """A value of CEL as JSON writes it."""
    if isinstance(value, dict):
        return {str(key): as_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_json(child) for child in value]
    if isinstance(value, Optional):
        return as_json(value.value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Timestamp):
        return times.format_timestamp(value)
    if isinstance(value, Duration):
        return times.format_duration(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
