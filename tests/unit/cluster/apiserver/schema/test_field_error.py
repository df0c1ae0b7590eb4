"""The wording of complaints."""

import pytest

from proa.cluster.apiserver.schema import FieldError, invalid
from proa.cluster.apiserver.schema.field_error import (
    duplicate,
    forbidden,
    invalid_value,
    not_found,
    required,
    too_long,
    unsupported,
)

WORDINGS: list[tuple[FieldError, str, str]] = [
    (required("spec.x"), "spec.x: Required value", "FieldValueRequired"),
    (required("spec.x", "at least one"), "spec.x: Required value: at least one", "FieldValueRequired"),
    (invalid_value("a", "B", "no"), 'a: Invalid value: "B": no', "FieldValueInvalid"),
    (invalid_value("a", 0, "no"), "a: Invalid value: 0: no", "FieldValueInvalid"),
    (invalid_value("a", {"k": "v"}, "no"), 'a: Invalid value: {"k":"v"}: no', "FieldValueInvalid"),
    (
        unsupported("a", "x", ("B", "A")),
        'a: Unsupported value: "x": supported values: "B", "A"',
        "FieldValueNotSupported",
    ),
    (forbidden("spec", "stays"), "spec: Forbidden: stays", "FieldValueForbidden"),
    (duplicate("a[1].name", "x"), 'a[1].name: Duplicate value: "x"', "FieldValueDuplicate"),
    (not_found("a.name", "x"), 'a.name: Not found: "x"', "FieldValueNotFound"),
    (too_long("data", 10), "data: Too long: may not be more than 10 bytes", "FieldValueTooLong"),
]


@pytest.mark.parametrize(("error", "text", "reason"), WORDINGS)
def test_wording(error: FieldError, text: str, reason: str) -> None:
    assert str(error) == text
    field, _, message = text.partition(": ")
    assert error.cause() == {"reason": reason, "message": message, "field": field}


def test_one_error() -> None:
    status = invalid("Pod", "", "p", [required("spec.x")]).status()
    assert status["message"] == 'Pod "p" is invalid: spec.x: Required value'
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["details"]["kind"] == "Pod"
    assert status["details"]["causes"] == [
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.x"}
    ]


def test_several_errors_are_listed_once_each() -> None:
    errors = [required("a"), required("b"), required("a")]
    status = invalid("Deployment", "apps", "d", errors).status()
    assert status["message"] == 'Deployment.apps "d" is invalid: [a: Required value, b: Required value]'
    assert len(status["details"]["causes"]) == 2
