"""Cron schedules."""

import pytest

from proa.cluster.apiserver.validation.cron import schedule_problem


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "*/5 0-6,12 1 jan-mar mon", "0 0 ? * SUN", "1-59/2 * * * 7", "@hourly", "@every 1h30m"],
)
def test_good(schedule: str) -> None:
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("* * * *", "expected exactly 5 fields, found 4"),
        ("60 * * * *", "end of range (60) above maximum (59)"),
        ("* * 0 * *", "beginning of range (0) below minimum (1)"),
        ("30-10 * * * *", "beginning of range (30) beyond end of range (10)"),
        ("*/0 * * * *", "step of range should be a positive number"),
        ("* * * foo *", "failed to parse month"),
        ("a-b-c * * * *", "failed to parse minute"),
        ("@sometimes", "unrecognized descriptor"),
        ("TZ=UTC * * * * *", "use timeZone field"),
    ],
)
def test_bad(schedule: str, problem: str) -> None:
    assert problem in schedule_problem(schedule)
