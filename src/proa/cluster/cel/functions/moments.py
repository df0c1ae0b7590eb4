"""The parts of timestamps and durations: `getFullYear`, `getHours`, …

Source: the CEL language definition; without a time zone they are those of UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from proa.cluster.cel import times
from proa.cluster.cel.functions.overload import Overload, method
from proa.cluster.cel.types import DURATION, INT, STRING, TIMESTAMP
from proa.cluster.cel.values import Duration, Timestamp

_PARTS: dict[str, Callable[[dt.datetime], int]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
}
_NANOSECONDS = {"getHours": 3_600_000_000_000, "getMinutes": 60_000_000_000, "getSeconds": 1_000_000_000}


def _part(read: Callable[[dt.datetime], int]) -> Callable[..., int]:
    return lambda moment, zone="UTC": read(times.local(moment, zone))


def _milliseconds(moment: Timestamp, _zone: str = "UTC") -> int:
    return moment.nanoseconds // 1_000_000 % 1000


def _whole(unit: int) -> Callable[[Duration], int]:
    return lambda span: int(abs(span.nanoseconds) // unit) * (-1 if span.nanoseconds < 0 else 1)


def _span_milliseconds(span: Duration) -> int:
    return _whole(1_000_000)(span)


def _overloads() -> Iterator[Overload]:
    readers = {name: _part(read) for name, read in _PARTS.items()} | {"getMilliseconds": _milliseconds}
    for name, run in readers.items():
        yield method(name, (TIMESTAMP,), INT, run)
        yield method(name, (TIMESTAMP, STRING), INT, run)
        if name in _NANOSECONDS:
            yield method(name, (DURATION,), INT, _whole(_NANOSECONDS[name]))
    yield method("getMilliseconds", (DURATION,), INT, _span_milliseconds)


OVERLOADS = tuple(_overloads())
