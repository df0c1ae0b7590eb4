"""The JSONPath of printer columns, scale paths and selectable fields: fields, indices, filters. Pure.

Source: kubernetes.io, JSONPath support; client-go, util/jsonpath.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

Step = Callable[[Any], Iterator[Any]]
"""From one value to those that a part of the path leads to."""

_FIELD = re.compile(r"\.?((?:\\.|[^.\[\\])+)")
_QUOTED = re.compile(r"\[\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")\s*\]")
_INDEX = re.compile(r"\[\s*(-?\d*)\s*(?:(:)\s*(-?\d*)\s*(?::\s*(-?\d+)\s*)?)?\]")
_FILTER = re.compile(r"\[\?\(\s*@((?:\.(?:\\.|[^.\s=!<>\[\]\\])+)+)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?\)\]")


class PathError(ValueError):
    """The text is no path that is understood."""


@lru_cache(2048)
def compiled(text: str) -> tuple[Step, ...]:
    """The steps of `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`... Raises PathError."""
    steps: list[Step] = []
    rest = text
    while rest and rest != ".":
        step, rest = _next(rest, text)
        steps.append(step)
    return tuple(steps)


def find(steps: Sequence[Step], value: Any) -> list[Any]:
    """The values that a path leads to."""
    found = [value]
    for step in steps:
        found = [below for item in found for below in step(item)]
    return found


def names(text: str) -> list[str]:
    """The fields of a path that has nothing else: `.spec.replicas` is spec and replicas."""
    return text.removeprefix(".").split(".")


def _next(rest: str, text: str) -> tuple[Step, str]:
    if rest.startswith(".["):
        rest = rest[1:]
    if rest.startswith(".."):
        found = _FIELD.match(rest[1:])
        if found is None:
            raise PathError(f"unterminated recursive descent in {text}")
        return _descend(_unescaped(found[1])), rest[1 + found.end() :]
    for pattern, make in _KINDS:
        found = pattern.match(rest)
        if found is not None:
            return make(found), rest[found.end() :]
    raise PathError(f"invalid path {text} at {rest}")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _field(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if name == "*":
            yield from _members(value)
        elif isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _members(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        yield from _field(name)(value)
        for below in _members(value):
            yield from step(below)

    return step


def _slice(found: re.Match[str]) -> Step:
    start, colon, stop, stride = found.groups()
    wanted = slice(*(int(part) if part else None for part in (start, stop, stride)))

    def step(value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            return
        if colon:
            yield from value[wanted]
        elif -len(value) <= int(start) < len(value):
            yield value[int(start)]

    return step


def _filter(found: re.Match[str]) -> Step:
    path, operator, literal = compiled(found[1]), found[2], found[3]
    compare = _COMPARE[operator or "exists"]
    wanted = _literal(literal) if operator else None

    def step(value: Any) -> Iterator[Any]:
        for item in _members(value):
            given = find(path, item)
            if given and (not operator or compare(given[0], wanted)):
                yield item

    return step


def _literal(text: str) -> Any:
    if text[:1] == "'" and text[-1:] == "'":
        return _unescaped(text[1:-1])
    try:
        return json.loads(text)
    except ValueError:
        raise PathError(f"unrecognized literal {text}") from None


def _ordered(order: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(given: Any, wanted: Any) -> bool:
        try:
            return order(given, wanted)
        except TypeError:
            return False

    return compare


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "exists": lambda _given, _wanted: True,
    "==": lambda given, wanted: bool(given == wanted),
    "!=": lambda given, wanted: bool(given != wanted),
    "<": _ordered(lambda given, wanted: bool(given < wanted)),
    ">": _ordered(lambda given, wanted: bool(given > wanted)),
    "<=": _ordered(lambda given, wanted: bool(given <= wanted)),
    ">=": _ordered(lambda given, wanted: bool(given >= wanted)),
}
_KINDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Step]], ...] = (
    (_FILTER, _filter),
    (re.compile(r"\[\*\]"), lambda _found: _field("*")),
    (_QUOTED, lambda found: _field(_unescaped(found[1] if found[1] is not None else found[2]))),
    (_INDEX, _slice),
    (_FIELD, lambda found: _field(_unescaped(found[1]))),
)
