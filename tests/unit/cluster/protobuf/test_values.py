"""Values that are no objects in JSON."""

from __future__ import annotations

import datetime as dt

import pytest

from proa.cluster.protobuf.values import _micro_time, _time

EARLIEST = int(dt.datetime(1, 1, 1, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(
    ("seconds", "text"), [(EARLIEST + 2, "0001-01-01T00:00:02"), (1_700_000_000, "2023-11-14T22:13:20")]
)
def test_a_year_has_four_digits(seconds: int, text: str) -> None:
    assert _time({"seconds": seconds}) == f"{text}Z"
    assert _micro_time({"seconds": seconds, "nanos": 5000}) == f"{text}.000005Z"


def test_no_time_is_none() -> None:
    assert (_time({}), _micro_time({})) == (None, None)
