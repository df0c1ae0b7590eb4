"""The strings extension: `charAt`, `split`, `join`, `lowerAscii`, …

Source: cel-go's strings library in the version that Kubernetes uses (2); positions count code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.formatting import format_text
from proa.cluster.cel.functions.overload import function, method, size_of, tenth, traversal
from proa.cluster.cel.types import DYN, INT, STRING, list_of

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_QUOTED = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v",
    "\\": r"\\", '"': r"\"",
}  # fmt: skip
_STRINGS = list_of(STRING)


def _check(text: str, position: int) -> None:
    if not 0 <= position <= len(text):
        raise Failure(f"index out of range: {position}")


def _char_at(text: str, position: int) -> str:
    _check(text, position)
    return text[position : position + 1]


def _index_of(text: str, wanted: str, start: int = 0) -> int:
    if start < 0:
        raise Failure(f"index out of range: {start}")
    return min(start, len(text)) if not wanted else text.find(wanted, start)


def _last_index_of(text: str, wanted: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(wanted)
    if start < 0:
        raise Failure(f"index out of range: {start}")
    if not wanted:
        return min(start, len(text))
    return -1 if start >= len(text) else text.rfind(wanted, 0, start + len(wanted))


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if not separator:
        parts = list(text)
        return (
            parts if limit < 0 or len(parts) <= limit else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
        )
    return text.split(separator, limit - 1 if limit > 0 else -1)


def _substring(text: str, start: int, end: int | None = None) -> str:
    if end is not None and start > end:
        raise Failure(f"invalid substring range. start: {start}, end: {end}")
    _check(text, start)
    if end is not None:
        _check(text, end)
    return text[start:end]


def _join(parts: list[Any], separator: str = "") -> str:
    for part in parts:
        if not isinstance(part, str):
            raise Failure(f"join: invalid input: {part}")
    return separator.join(parts)


def _quote(text: str) -> str:
    return '"' + "".join(_QUOTED.get(char, char) for char in text) + '"'


def _join_cost(_args: Sequence[Any], result: Any) -> int:
    return tenth(size_of(result) * 2)


def _index_cost(args: Sequence[Any], _result: Any) -> int:
    return int(len(args[0].encode()) * 0.1)


_ONCE, _TWICE = traversal(0), traversal(0, 2)

OVERLOADS = (
    method("charAt", (STRING, INT), STRING, _char_at),
    method("indexOf", (STRING, STRING), INT, _index_of, _index_cost),
    method("indexOf", (STRING, STRING, INT), INT, _index_of, _index_cost),
    method("lastIndexOf", (STRING, STRING), INT, _last_index_of, _index_cost),
    method("lastIndexOf", (STRING, STRING, INT), INT, _last_index_of, _index_cost),
    method("lowerAscii", (STRING,), STRING, lambda text: text.translate(_LOWER), _ONCE),
    method("upperAscii", (STRING,), STRING, lambda text: text.translate(_UPPER), _ONCE),
    method("replace", (STRING, STRING, STRING), STRING, str.replace, _TWICE),
    method("replace", (STRING, STRING, STRING, INT), STRING, str.replace, _TWICE),
    method("split", (STRING, STRING), _STRINGS, _split, _TWICE),
    method("split", (STRING, STRING, INT), _STRINGS, _split, _TWICE),
    method("substring", (STRING, INT), STRING, _substring, _ONCE),
    method("substring", (STRING, INT, INT), STRING, _substring, _ONCE),
    method("trim", (STRING,), STRING, str.strip, _ONCE),
    method("join", (_STRINGS,), STRING, _join, _join_cost),
    method("join", (_STRINGS, STRING), STRING, _join, _join_cost),
    method("format", (STRING, list_of(DYN)), STRING, format_text, _ONCE),
    function("strings.quote", (STRING,), STRING, _quote),
)
