"""Timestamps and durations as text, and their parts.

Source: RFC 3339; Go's duration syntax; the CEL language definition.
"""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from proa.cluster.cel.arithmetic import timestamp
from proa.cluster.cel.errors import Failure
from proa.cluster.cel.values import INT_MAX, INT_MIN, Duration, Timestamp

_SECOND = 1_000_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_UNITS = {
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000,
    "s": _SECOND, "m": 60 * _SECOND, "h": 3600 * _SECOND,
}  # fmt: skip
_SPAN = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE_SPAN = re.compile(rf"[+-]?(?:0|(?:{_SPAN.pattern})+)", re.ASCII)
_LONGEST_SPAN = 1000
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def parse_timestamp(text: str) -> Timestamp:
    """An RFC 3339 moment. Raises Failure."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise _no_time(text)
    *parts, fraction, zone = match.groups()
    try:
        moment = dt.datetime(*map(int, parts), tzinfo=dt.UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        raise _no_time(text) from None
    seconds = int((moment - _EPOCH) / dt.timedelta(seconds=1))
    if zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        seconds -= sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
    return timestamp(seconds * _SECOND + int(((fraction or "") + "0" * 9)[:9]))


def _no_time(text: str) -> Failure:
    what = f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}" as "2006"'
    return Failure(what)


def parse_date(text: str) -> Timestamp:
    """A day, `2006-01-02`, at its beginning. Raises Failure."""
    return parse_timestamp(f"{text}T00:00:00Z")


def parse_duration(text: str) -> Duration:
    """Go's way to write a span: `1h30m`, `-1.5s`. Raises Failure."""
    if len(text) > _LONGEST_SPAN or not _WHOLE_SPAN.fullmatch(text):
        raise Failure(f'time: invalid duration "{text}"')
    total = sum(Fraction(number) * _UNITS[unit] for number, unit in _SPAN.findall(text))
    nanoseconds = int(-total if text.startswith("-") else total)
    if not INT_MIN <= nanoseconds <= INT_MAX:
        raise Failure(f'time: invalid duration "{text}"')
    return Duration(nanoseconds)


def format_timestamp(value: Timestamp) -> str:
    """RFC 3339 in UTC, with as many digits as needed."""
    seconds, fraction = divmod(value.nanoseconds, _SECOND)
    moment = _EPOCH + dt.timedelta(seconds=seconds)
    digits = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{digits}Z"


def format_duration(value: Duration) -> str:
    """Seconds, `5400s`, with as many digits as needed."""
    sign = "-" if value.nanoseconds < 0 else ""
    seconds, fraction = divmod(abs(value.nanoseconds), _SECOND)
    digits = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{sign}{seconds}{digits}s"


def local(value: Timestamp, zone: str = "UTC") -> dt.datetime:
    """The moment on the clocks of a zone: an IANA name, or an offset `-08:00`. Raises Failure."""
    moment = _EPOCH + dt.timedelta(seconds=value.nanoseconds // _SECOND)
    try:
        return moment.astimezone(_zone(zone))
    except (OverflowError, ValueError):
        raise Failure("timestamp overflow") from None


def _zone(name: str) -> dt.tzinfo:
    if name in ("", "UTC"):
        return dt.UTC
    if match := _OFFSET.fullmatch(name):
        minutes = int(match[2]) * 60 + int(match[3])
        return dt.timezone(dt.timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure(f"unknown time zone {name}") from None
