import pytest

from proa import errors
from proa.errors import ApiError


@pytest.mark.parametrize("kind", errors._KINDS)
def test_a_status_reads_back_as_the_same_error(kind: type[ApiError]) -> None:
    fault = kind("what was wrong", {"name": "x", "kind": "pods"})
    again = ApiError.from_status(fault.status())
    assert type(again) is kind
    assert (again.message, again.details) == (fault.message, fault.details)


@pytest.mark.parametrize(("code", "kind"), [(404, "NotFound"), (409, "Conflict"), (418, "InternalError")])
def test_a_status_without_a_reason_goes_by_its_code(code: int, kind: str) -> None:
    assert type(ApiError.from_status({"code": code})).__name__ == kind
