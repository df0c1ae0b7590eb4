"""From a field of a JSON object to the value that its declared type has in CEL.

Only what JSON writes otherwise is converted: numbers without a fraction, times, spans, bytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from proa.cluster.cel import times
from proa.cluster.cel.errors import Failure
from proa.cluster.cel.types import Type

Converter = Callable[[Any], Any]


def converter(declared: Type) -> Converter | None:
    """What turns a JSON value into one of that type; None when it is one already."""
    if declared.kind in _SCALARS:
        return _SCALARS[declared.kind]
    if declared.kind == "list" and (element := converter(declared.params[0])):
        return lambda value: [element(item) for item in value] if isinstance(value, list) else value
    if declared.kind == "map" and (item := converter(declared.params[1])):
        return lambda value: (
            {key: item(entry) for key, entry in value.items()} if isinstance(value, dict) else value
        )
    return None


def _double(value: Any) -> Any:
    return float(value) if type(value) is int else value


def _timestamp(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return times.parse_timestamp(value) if "T" in value else times.parse_date(value)


def _duration(value: Any) -> Any:
    return times.parse_duration(value) if isinstance(value, str) else value


def _bytes(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except binascii.Error as error:
        raise Failure(f"illegal base64 data: {error}") from None


_SCALARS: dict[str, Converter] = {
    "double": _double,
    "timestamp": _timestamp,
    "duration": _duration,
    "bytes": _bytes,
}
