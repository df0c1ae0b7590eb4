"""How times are written, and what is none; the corpus holds what kube-apiserver says of each."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.schema.times import microseconds, whole_seconds

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
MOMENTS = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 30), timezones=OFFSETS)  # noqa: DTZ001


@given(MOMENTS)
def test_a_moment_stays_the_same(moment: dt.datetime) -> None:
    text = moment.isoformat(timespec="microseconds")

    micro, whole = microseconds(text), whole_seconds(text)

    assert dt.datetime.fromisoformat(micro or "") == moment
    assert dt.datetime.fromisoformat(whole or "") == moment.replace(microsecond=0)
    assert (microseconds(micro), whole_seconds(whole)) == (micro, whole)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for read in (microseconds, whole_seconds):
        with suppress(ValueError):
            assert (read(text) or "Z").endswith("Z")


@pytest.mark.parametrize("text", ["2020-W01-1T01:02:03Z", "2020-02-29T24:00:00Z", "-020-02-29T01:02:03Z"])
def test_what_only_python_takes_for_a_time_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="parsing time"):
        whole_seconds(text)
