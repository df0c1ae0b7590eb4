"""Cron schedules: five fields, or a word such as @daily. Pure.

Source: kubernetes.io, CronJob, schedule syntax; crontab(5). Steps, ranges, lists, names of months
and days, `?` as `*`; 7 is Sunday too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_HORIZON = dt.timedelta(days=5 * 366)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Schedule:
    """When to run; times are local to the zone of the time that is asked from."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both kinds of day are restricted: one of them is enough."""

    def after(self, time: dt.datetime) -> dt.datetime | None:
        """The first time later than `time`, in its zone; None when there is none within five years."""
        zone, begin = time.tzinfo, time.replace(tzinfo=None)
        for day in _days_from(begin.date()):
            if day - begin.date() > _HORIZON:
                return None
            if not self._fits(day):
                continue
            for local in self._times(day):
                found = local.replace(tzinfo=zone)
                if found.timestamp() > time.timestamp() and _exists(found):
                    return found
        return None

    def _fits(self, day: dt.date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month or of_week if self.either_day else of_month and of_week

    def _times(self, day: dt.date) -> Iterator[dt.datetime]:
        return (
            dt.datetime.combine(day, dt.time(hour, minute)) for hour in self.hours for minute in self.minutes
        )


def _days_from(day: dt.date) -> Iterator[dt.date]:
    while True:
        yield day
        day += _DAY


def _exists(time: dt.datetime) -> bool:
    """False for an hour that summer time leaves out."""
    again = dt.datetime.fromtimestamp(time.timestamp(), dt.UTC).astimezone(time.tzinfo)
    return again.replace(tzinfo=None) == time.replace(tzinfo=None)


@lru_cache(maxsize=1024)
def parse_schedule(text: str) -> Schedule:
    """Raises ValueError, naming the field."""
    parts = _WORDS.get(text.strip(), text).split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: {text!r}")
    values = [_values(part, *limits) for part, limits in zip(parts, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    return Schedule(
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        not any(part.startswith(("*", "?")) for part in (parts[2], parts[4])),
    )


def _values(text: str, name: str, lowest: int, highest: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step)):
            raise ValueError(f"{name}: step {step!r} is not a number above 0")
        first, last = _span(span, name, (lowest, highest), names)
        # `3/10` means from 3 on.
        end = highest if slash and last == first and "-" not in span else last
        found.update(range(first, end + 1, int(step or 1)))
    return frozenset(found)


def _span(text: str, name: str, limits: tuple[int, int], names: dict[str, int]) -> tuple[int, int]:
    if text in ("*", "?"):
        return limits
    numbers = []
    for word in text.split("-", 1):
        number = names.get(word.lower(), int(word) if word.isdecimal() else -1)
        if not limits[0] <= number <= limits[1]:
            raise ValueError(f"{name}: {word!r} is not from {limits[0]} to {limits[1]}")
        numbers.append(number)
    if numbers[0] > numbers[-1]:
        raise ValueError(f"{name}: {text!r} ends before it begins")
    return numbers[0], numbers[-1]
