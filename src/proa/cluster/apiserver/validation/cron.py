"""The syntax of cron schedules: five fields, or a macro; and the names of time zones."""

from __future__ import annotations

import re
import zoneinfo

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 7),
)
_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "day of week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_PART = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/(\d+))?")


def schedule_problem(text: str) -> str:
    """Why a schedule is not valid; empty when it is."""
    if "TZ" in text:
        return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
    if text.startswith("@"):
        every = re.fullmatch(r"@every (\d+(\.\d+)?(ns|us|ms|s|m|h))+", text)
        return "" if text in _MACROS or every else f"unrecognized descriptor: {text}"
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"expected exactly {len(_FIELDS)} fields, found {len(fields)}: [{text}]"
    problems = (_field_problem(field, *limits) for field, limits in zip(fields, _FIELDS, strict=True))
    return next(filter(None, problems), "")


def time_zone_problem(name: str) -> str:
    """Why a name is not that of a time zone; empty when it is. The zones are those of the system's tzdata."""
    if not name:
        return "timeZone must be nil or non-empty string"
    unknown = f"unknown time zone {name}"
    parts = name.split("/")
    if any(part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part) for part in parts):
        return unknown
    if name.lower() == "local":
        return "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return unknown
    return ""


def _field_problem(field: str, name: str, low: int, high: int) -> str:
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return f"failed to parse {name}: {part}"
        bounds = [_value(word, name) for word in match.groups()[:2] if word is not None]
        if None in bounds:
            return f"failed to parse {name}: {part}"
        if bounds and (bounds[0] or 0) < low:
            return f"beginning of range ({bounds[0]}) below minimum ({low}): {part}"
        if bounds and (bounds[-1] or 0) > high:
            return f"end of range ({bounds[-1]}) above maximum ({high}): {part}"
        if len(bounds) == 2 and bounds != sorted(bounds, key=lambda value: value or 0):
            return f"beginning of range ({bounds[0]}) beyond end of range ({bounds[1]}): {part}"
        if match[3] == "0":
            return f"step of range should be a positive number: {part}"
    return ""


def _value(word: str, name: str) -> int | None:
    if word.isdigit():
        return int(word)
    names = _NAMES.get(name, ())
    first = 1 if name == "month" else 0
    return names.index(word.lower()) + first if word.lower() in names else None
