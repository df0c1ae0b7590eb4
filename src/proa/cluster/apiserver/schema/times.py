"""The one way in which the API writes a time, and what it says of a text that is none.

A Time has whole seconds, a MicroTime six digits more, which also must be there; both are in UTC. The
year 1 stands for no time. Source: apimachinery, meta/v1/{time,micro_time}.go; Go's time.Parse, whose
words the complaints have.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
TIME, MICRO_TIME = f"{_META}.Time", f"{_META}.MicroTime"
"""The definitions that all times refer to."""


class _Part(NamedTuple):
    """A part of a layout, as the layout writes it, and what may stand for it; below `limit` if it has one."""

    word: str
    pattern: str
    name: str = ""
    least: int = 0
    limit: int = 0


_DATE = (
    _Part("2006", r"\d{4}"),
    _Part("-", "-"),
    _Part("01", r"\d\d", "month", 1, 13),
    _Part("-", "-"),
    _Part("02", r"\d\d"),
    _Part("T", "T"),
    _Part("15", r"\d\d?", "hour", 0, 24),
    _Part(":", ":"),
    _Part("04", r"\d\d", "minute", 0, 60),
    _Part(":", ":"),
)
_SECOND = _Part("05", r"\d\d", "second", 0, 60)
_ZONE = _Part("Z07:00", r"Z|[+-]\d\d:\d\d")
_WHOLE = (*_DATE, _SECOND, _Part("", r"(?:[.,]\d+)?"), _ZONE)
_MICRO = (*_DATE, _SECOND, _Part(".000000", r"[.,]\d{6}"), _ZONE)
_NONE = dt.datetime(1, 1, 1, tzinfo=dt.UTC)


_WRITTEN_WHOLE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_WRITTEN_MICRO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@lru_cache(maxsize=4096)
def whole_seconds(text: str) -> str | None:
    """A Time as it is written; None for the year 1. Raises ValueError for what is not a time."""
    if _WRITTEN_WHOLE.fullmatch(text) and _is_moment(text):
        return text
    when = _parsed(text, _WHOLE).replace(microsecond=0)
    return None if when == _NONE else f"{when:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")


@lru_cache(maxsize=4096)
def microseconds(text: str) -> str | None:
    """A MicroTime as it is written; None for the year 1. Raises ValueError for what is not a time."""
    if _WRITTEN_MICRO.fullmatch(text) and _is_moment(text):
        return text
    when = _parsed(text, _MICRO)
    return None if when == _NONE else f"{when:%Y-%m-%dT%H:%M:%S.%fZ}".rjust(27, "0")


def _is_moment(text: str) -> bool:
    """Whether a text of digits in the right places is some moment; what is not is looked at again."""
    try:
        return dt.datetime.fromisoformat(text) != _NONE
    except ValueError:
        return False


def _parsed(text: str, layout: Sequence[_Part]) -> dt.datetime:
    """The moment in UTC. Raises ValueError, worded as Go's parser words it."""
    read = _read(text, layout)
    year, month, day, hour, minute, second = (int(read[position]) for position in (0, 2, 4, 6, 8, 10))
    try:
        local = dt.datetime(year, month, day, hour, minute, second, _micros(read[11]), dt.UTC)
    except ValueError:
        raise _out_of_range(text, "year" if year == 0 else "day") from None
    try:
        return local - _offset(text, read[12])
    except OverflowError:
        raise _out_of_range(text, "year") from None


def _read(text: str, layout: Sequence[_Part]) -> list[str]:
    """What stands for each part."""
    rest, read = text, []
    for part in layout:
        found = re.match(part.pattern, rest, re.ASCII)
        if found is None:
            written = "".join(part.word for part in layout)
            why = f"cannot parse {_quoted(rest)} as {_quoted(part.word)}"
            raise ValueError(f"parsing time {_quoted(text)} as {_quoted(written)}: {why}")
        if part.limit and not part.least <= int(found[0]) < part.limit:
            raise _out_of_range(text, part.name)
        read.append(found[0])
        rest = rest[found.end() :]
    if rest:
        raise ValueError(f"parsing time {_quoted(text)}: extra text: {_quoted(rest)}")
    return read


def _micros(fraction: str) -> int:
    return int(fraction[1:7].ljust(6, "0")) if fraction else 0


def _offset(text: str, zone: str) -> dt.timedelta:
    if zone == "Z":
        return dt.timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 24:
        raise _out_of_range(text, "time zone offset hour")
    if minutes > 60:
        raise _out_of_range(text, "time zone offset minute")
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


def _out_of_range(text: str, what: str) -> ValueError:
    return ValueError(f"parsing time {_quoted(text)}: {what} out of range")


def _quoted(text: str) -> str:
    """As Go's package of times quotes: ASCII, and the bytes of all else."""
    quoted = (
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
        for byte in text.encode(errors="surrogatepass")
    )
    return f'"{"".join(quoted)}"'
