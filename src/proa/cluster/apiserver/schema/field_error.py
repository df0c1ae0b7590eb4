"""One complaint about one field, worded as Kubernetes words it.

Source: apimachinery, pkg/util/validation/field and pkg/api/errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from proa.errors import Invalid

_REASONS = {
    "Required value": "FieldValueRequired",
    "Invalid value": "FieldValueInvalid",
    "Unsupported value": "FieldValueNotSupported",
    "Forbidden": "FieldValueForbidden",
    "Duplicate value": "FieldValueDuplicate",
    "Not found": "FieldValueNotFound",
    "Too long": "FieldValueTooLong",
    "Too many": "FieldValueTooMany",
}
OMITTED: Any = object()
"""Stands for a value that is too large to be shown."""
_VALUELESS = ("Required value", "Forbidden", "Too long")


class Struct(dict[str, Any]):
    """An object that is shown with its fields in their own order."""


@dataclass(frozen=True)
class FieldError:
    """A field and what is wrong with it; `type` is the opening of the message."""

    type: str
    field: str
    value: Any = None
    detail: str = ""
    reason: str = ""
    """Of the cause in a Status, where the type has more than one."""

    @property
    def body(self) -> str:
        """The message without the field."""
        valueless = self.type in _VALUELESS or self.value is OMITTED
        parts = [self.type] if valueless else [self.type, _printed(self.value)]
        return ": ".join([*parts, self.detail] if self.detail else parts)

    def __str__(self) -> str:
        return f"{self.field}: {self.body}"

    def cause(self) -> dict[str, str]:
        """An entry of `details.causes` in a Status."""
        return {"reason": self.reason or _REASONS[self.type], "message": self.body, "field": self.field}


def required(field: str, detail: str = "") -> FieldError:
    """The field must be there and not be empty."""
    return FieldError("Required value", field, detail=detail)


def invalid_value(field: str, value: Any, detail: str) -> FieldError:
    """The value breaks a rule, which `detail` states."""
    return FieldError("Invalid value", field, value, detail)


def type_invalid(field: str, value: Any, detail: str) -> FieldError:
    """The value is of a wrong type; for a schema that says so by itself."""
    return FieldError("Invalid value", field, value, detail, "FieldValueTypeInvalid")


def unsupported(field: str, value: Any, supported: Iterable[str]) -> FieldError:
    """The value is none of the supported ones."""
    words = ", ".join(json.dumps(word) for word in supported)
    return FieldError("Unsupported value", field, value, f"supported values: {words}")


def forbidden(field: str, detail: str) -> FieldError:
    """The field may not be set, or may not change."""
    return FieldError("Forbidden", field, detail=detail)


def duplicate(field: str, value: Any) -> FieldError:
    """The value stands twice where it must be unique."""
    return FieldError("Duplicate value", field, value)


def not_found(field: str, value: Any) -> FieldError:
    """The value names something that is not there."""
    return FieldError("Not found", field, value)


def too_long(field: str, limit: int) -> FieldError:
    """The value has more than `limit` bytes."""
    unit = "byte" if limit == 1 else "bytes"
    return FieldError("Too long", field, detail=f"may not be more than {limit} {unit}")


def too_many(field: str, count: int, limit: int) -> FieldError:
    """The list has more than `limit` items."""
    unit = "item" if limit == 1 else "items"
    return FieldError("Too many", field, count, f"must have at most {limit} {unit}")


def invalid(kind: str, group: str, name: str, errors: Sequence[FieldError]) -> Invalid:
    """The 422 answer that reports the errors of one object."""
    errors = _without_bare(errors)
    messages = list(dict.fromkeys(map(str, errors)))
    text = messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
    qualified = f"{kind}.{group}" if group else kind
    details: dict[str, Any] = {"name": name, "group": group, "kind": kind}
    details = {key: value for key, value in details.items() if value}
    details["causes"] = [error.cause() for error in {str(error): error for error in errors}.values()]
    return Invalid(f"{qualified} {json.dumps(name)} is invalid: {text}", details)


def _without_bare(errors: Sequence[FieldError]) -> Sequence[FieldError]:
    """Without "Required value" alone where another error says of the same field why it is required."""
    explained = {error.field for error in errors if error.type == "Required value" and error.detail}
    return [e for e in errors if e.type != "Required value" or e.detail or e.field not in explained]


def _printed(value: Any) -> str:
    ordered = isinstance(value, Struct)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=not ordered)
