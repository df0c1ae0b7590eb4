"""A column of a table, and the cells that many kinds share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from proa.cluster.apiserver.columns.duration import human_duration
from proa.kube.meta import parse_time
from proa.kube.resources import Object

Cell = str | int | bool
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
