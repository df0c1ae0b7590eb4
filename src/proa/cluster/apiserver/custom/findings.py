"""What the comparison of a value with a schema found, worded as Kubernetes words it.

Source: kube-openapi, pkg/validation/errors and validate; apiextensions-apiserver, pkg/apiserver/validation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    invalid_value,
    required,
    too_long,
    too_many,
    type_invalid,
    unsupported,
)

_LARGEST_WHOLE = 1e21


@dataclass(slots=True)
class Findings:
    """Complaints, and how many checks were passed: of several alternatives the closest is reported."""

    errors: list[FieldError] = field(default_factory=list)
    passed: int = 0

    def add(self, other: Findings) -> None:
        """Take over what another comparison found."""
        self.errors += other.errors
        self.passed += other.passed


def wrong_type(path: str, wanted: str, found: str) -> FieldError:
    """The value is of another type, or a string of another format."""
    return type_invalid(shown(path), found, f'{path} in body must be of type {wanted}: "{found}"')


def broken(path: str, value: Any, rule: str) -> FieldError:
    """The value breaks a rule, which is worded `should ...`."""
    return invalid_value(shown(path), value, f"{path} in body {rule}")


def missing(path: str) -> FieldError:
    """A field that must be there is not."""
    return required(shown(path))


def not_listed(path: str, value: Any, allowed: list[Any]) -> FieldError:
    """The value is none of an enumeration's."""
    return unsupported(
        shown(path), value, [item if isinstance(item, str) else printed(item) for item in allowed]
    )


def longer(path: str, limit: int) -> FieldError:
    """The string has too many characters."""
    return too_long(shown(path), limit)


def too_much(path: str, count: int, limit: int) -> FieldError:
    """The list or object has too many members."""
    return too_many(shown(path), count, limit)


def combination(path: str, rule: str) -> FieldError:
    """A combination of schemas (allOf, anyOf, oneOf, not) is not met; no field is named by upstream."""
    return invalid_value("<nil>", "", f'"{path}" {rule}')


def shown(path: str) -> str:
    """A path as the field of a complaint."""
    return path.removeprefix(".")


def printed(value: Any) -> str:
    """A value as JSON writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return number(value) if isinstance(value, int | float) else str(value)


def number(value: float) -> str:
    """A number as Go prints it: whole ones without a fraction."""
    return str(int(value)) if value == int(value) and abs(value) < _LARGEST_WHOLE else str(value)
