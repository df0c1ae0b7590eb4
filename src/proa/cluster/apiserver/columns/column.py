"""A column of a table, and the cells that many kinds share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver.columns.duration import human_duration
from proa.kube.meta import parse_time
from proa.kube.resources import Object

Cell = str | int | float | bool | None
CellReader = Callable[[Object, dt.datetime], Cell]
"""The cell of an object; the second argument is the present, for ages."""

NONE, UNKNOWN, UNSET = "<none>", "<unknown>", "<unset>"


@dataclass(frozen=True)
class Column:
    """One column; `wide` ones show only with `-o wide`."""

    name: str
    cell: CellReader
    wide: bool = False
    type: str = "string"
    format: str = ""

    def definition(self) -> Object:
        """The entry of `columnDefinitions` in a Table."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": "",
            "priority": int(self.wide),
        }


def field(obj: Object, *path: str) -> Any:
    """The value at a path; None when anything on the way is absent."""
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(name: str, *path: str, absent: str = "", wide: bool = False) -> Column:
    """A column that shows a field as it is."""
    return Column(name, lambda obj, _now: str(field(obj, *path) or absent), wide)


def number(name: str, *path: str) -> Column:
    """A column that shows a count; absent is 0."""
    return Column(name, lambda obj, _now: int(field(obj, *path) or 0), type="integer")


def flag(name: str, *path: str, absent: bool = False) -> Column:
    """A column that shows a boolean."""

    def cell(obj: Object, _now: dt.datetime) -> bool:
        value = field(obj, *path)
        return absent if value is None else bool(value)

    return Column(name, cell, type="boolean")


def length(name: str, *path: str) -> Column:
    """A column that shows how many elements a list or map has."""
    return Column(name, lambda obj, _now: len(field(obj, *path) or ()), type="integer")


def since(time: str | None, now: dt.datetime) -> str:
    """The age of an API time: `5m`, `3d2h`; `<unknown>` when there is none."""
    return human_duration(now - parse_time(time)) if time else UNKNOWN


def name_cell(obj: Object, _now: dt.datetime) -> str:
    """The object's name."""
    return str(obj["metadata"]["name"])


def age_cell(obj: Object, now: dt.datetime) -> str:
    """How long ago the object was made."""
    return since(obj["metadata"].get("creationTimestamp"), now)


NAME = Column("Name", name_cell, format="name")
AGE = Column("Age", age_cell)
NAME_AND_AGE = (NAME, AGE)


def labels_text(labels: dict[str, str] | None) -> str:
    """`a=b,c=d`, or `<none>`."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def shortened(elements: list[str], limit: int, absent: str, separator: str = ",") -> str:
    """The first elements, and how many more there are."""
    shown = separator.join(elements[:limit])
    return f"{shown} + {len(elements) - limit} more..." if len(elements) > limit else shown or absent
