"""Spans of time in Go's form."""

import pytest

from proa.kube.durations import parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("1m30s", 90), ("1.5h", 5400), ("300ms", 0.3), ("0", 0)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "-1s", "1x", "1s1", "s"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        parse_duration(text)
