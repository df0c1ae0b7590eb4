"""The columns that a custom resource's definition asks for (additionalPrinterColumns).

Source: apiextensions-apiserver, pkg/registry/customresource/tableconvertor.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from proa.cluster.apiserver.columns.column import Cell, Column, age_cell, name_cell
from proa.cluster.apiserver.columns.duration import human_duration
from proa.cluster.apiserver.custom.findings import printed
from proa.cluster.apiserver.custom.json_path import PathError, Step, compiled, find
from proa.kube.meta import parse_time
from proa.kube.resources import Object

_NAME = "The object's name, unique within its namespace."
_AGE = "When the object was made."


@dataclass(frozen=True)
class CustomColumn(Column):
    """A column with a description and a priority of its own."""

    description: str = ""
    priority: int = 0

    def definition(self) -> Object:
        return super().definition() | {"description": self.description, "priority": self.priority}


_FIRST = CustomColumn("Name", name_cell, format="name", description=_NAME)
_DEFAULT = (_FIRST, CustomColumn("Age", age_cell, type="date", description=_AGE))


def columns(declared: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The name, then what is declared; by default the age."""
    return (_FIRST, *map(_column, declared)) if declared else _DEFAULT


def _column(declared: Mapping[str, Any]) -> Column:
    type_, priority = declared["type"], int(declared.get("priority") or 0)
    try:
        steps = compiled(declared["jsonPath"])
    except PathError:
        steps = (_nothing,)
    read = partial(_cell, steps, type_)
    format_, wide = declared.get("format") or "", priority > 0
    about = (
        declared.get("description")
        or f"Custom resource definition column (in JSONPath format): {declared['jsonPath']}"
    )
    return CustomColumn(declared["name"], read, wide, type_, format_, about, priority)


def _nothing(_value: Any) -> Any:
    return iter(())


def _cell(steps: Sequence[Step], type_: str, obj: Object, now: dt.datetime) -> Cell:
    found = find(steps, obj)
    if not found:
        return None
    value = found[0]
    if type_ == "string":
        return _text(value)
    return None if value is None else _typed(type_, value, now)


def _text(value: Any) -> str:
    """Lists and objects are shown as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return "<nil>" if value is None else printed(value)


def _typed(type_: str, value: Any, now: dt.datetime) -> Cell:
    """A value that is not of the column's type is not shown."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if type_ == "integer":
        return int(value) if number else None
    if type_ == "number":
        return value if number else None
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    return _age(value, now) if isinstance(value, str) else None


def _age(text: str, now: dt.datetime) -> str:
    try:
        return human_duration(now - parse_time(text))
    except ValueError:
        return "<invalid>"
