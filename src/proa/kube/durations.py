"""Spans of time as Go, and so Kubernetes, writes them (source: Go, time.ParseDuration)."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)"


def parse_duration(text: str) -> float:
    """Seconds of a time such as 1m30s. Raises ValueError."""
    if text == "0":
        return 0.0
    if not re.fullmatch(f"({_PART})+", text):
        raise ValueError(f'invalid duration "{text}": give one such as 90s or 1m30s')
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))
