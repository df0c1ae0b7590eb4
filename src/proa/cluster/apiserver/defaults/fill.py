"""Filling in values that are absent."""

from __future__ import annotations

from typing import Any

from proa.kube.resources import Object


def fill(target: Object, **values: Any) -> None:
    """Set each value whose field is absent or null. Pass fresh lists and objects."""
    for name, value in values.items():
        if target.get(name) is None:
            target[name] = value


def fill_empty(target: Object, **values: str) -> None:
    """Like `fill`, for strings whose empty value means absent too."""
    for name, value in values.items():
        if not target.get(name):
            target[name] = value


def part(target: Object, name: str) -> Object:
    """The object at a field, made when it is absent."""
    if target.get(name) is None:
        target[name] = {}
    found: Object = target[name]
    return found


def each(target: Object, name: str) -> list[Object]:
    """The elements of a list of objects; none when it is absent."""
    return target.get(name) or []
