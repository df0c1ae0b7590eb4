"""Durations as kubectl shows them (source: apimachinery, pkg/util/duration)."""

from __future__ import annotations

import datetime as dt

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_YEAR = 365 * _DAY


def human_duration(duration: dt.timedelta) -> str:
    """Two to three significant figures: `45s`, `3m20s`, `15m`, `5h10m`, `3d2h`, `2y40d`."""
    seconds = int(duration.total_seconds())
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    for limit, unit, suffix, smaller, small_suffix in _STEPS:
        if seconds < limit:
            return _two(seconds, unit, suffix, smaller, small_suffix)
    return f"{seconds // _YEAR}y"


def _two(seconds: int, unit: int, suffix: str, smaller: int, small_suffix: str) -> str:
    rest = seconds % unit // smaller if smaller else 0
    return f"{seconds // unit}{suffix}" + (f"{rest}{small_suffix}" if rest else "")


_STEPS = (
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)
"""Below the limit (seconds): whole units, then what is left in the smaller unit."""
