"""Whether what a mutation makes fits the schema of the object that it is merged into.

Source: apiserver, pkg/admission/plugin/policy/mutating/patch; structured-merge-diff, typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver.schema import Node

_WANTED: dict[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "string"),
    "boolean": (bool, "boolean"),
    "integer": ((int, float), "numeric (int or float)"),
    "number": ((int, float), "numeric (int or float)"),
}
_NAMES = {str: "string", bool: "bool", int: "int64", float: "float64", list: "list", dict: "map"}


def misfits(node: Node | None, value: Any, place: str = "") -> Iterator[str]:
    """What the schema does not know, or knows as something else."""
    if node is None or node.open or value is None:
        return
    if isinstance(value, dict):
        for name, child in value.items():
            below = node.field(name)
            if below is None and node.type in ("object", ""):
                yield f"{place}.{name}: field not declared in schema"
            yield from misfits(below, child, f"{place}.{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from misfits(node.items, child, f"{place}[{index}]")
    elif not node.alternatives and node.type in _WANTED:
        wanted, name = _WANTED[node.type]
        if not isinstance(value, wanted) or (isinstance(value, bool) and node.type != "boolean"):
            yield f"{place}: expected {name}, got {_NAMES.get(type(value), type(value).__name__)}"


def atomics(node: Node | None, value: Any, place: str = "") -> Iterator[str]:
    """The places of what can only be replaced as a whole."""
    if node is None:
        return
    if isinstance(value, dict):
        if node.map_type == "atomic":
            yield place
        for name, child in value.items():
            yield from atomics(node.field(name), child, f"{place}.{name}")
    elif isinstance(value, list):
        if node.list_type not in ("map", "set"):
            yield place
        for index, child in enumerate(value):
            yield from atomics(node.items, child, f"{place}[{index}]")
