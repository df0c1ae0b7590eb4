"""What type a value has while an expression runs, and whether it fits a declared one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proa.cluster.cel import types
from proa.cluster.cel.types import Type
from proa.cluster.cel.values import Duration, Optional, Timestamp, Uint

_TYPES: dict[type, Type] = {
    bool: types.BOOL,
    int: types.INT,
    Uint: types.UINT,
    float: types.DOUBLE,
    str: types.STRING,
    bytes: types.BYTES,
    list: types.list_of(types.DYN),
    dict: types.map_of(types.DYN, types.DYN),
    type(None): types.NULL,
    Timestamp: types.TIMESTAMP,
    Duration: types.DURATION,
    Optional: types.optional_of(types.DYN),
    Type: types.TYPE,
}
_CLASSES: dict[str, type | tuple[type, ...]] = {
    "bool": bool,
    "double": float,
    "uint": Uint,
    "string": str,
    "bytes": bytes,
    "timestamp": Timestamp,
    "duration": Duration,
    "null": type(None),
    "type": Type,
}


def register(python_class: type, cel_type: Type) -> None:
    """Say that values of a class have an object type."""
    _TYPES[python_class] = cel_type


def type_of_value(value: Any) -> Type:
    """The type that `type(value)` gives."""
    known = _TYPES.get(type(value))
    if known is not None:
        return known
    if isinstance(value, dict):
        return getattr(value, "cel_type", _TYPES[dict])
    return _TYPES[list] if isinstance(value, list) else types.DYN


def fitter(declared: Type) -> Callable[[Any], bool]:
    """A test whether a value may be passed where a type is declared."""
    if declared.kind in ("dyn", "param"):
        return lambda _value: True
    if declared.kind == "int":
        return lambda value: type(value) is int
    if declared.kind == "list":
        element = fitter(declared.params[0])
        return lambda value: isinstance(value, list) and (not value or element(value[0]))
    if declared.kind == "map":
        return lambda value: isinstance(value, dict)
    if declared.is_optional:
        return lambda value: isinstance(value, Optional)
    if declared.kind in _CLASSES:
        wanted = _CLASSES[declared.kind]
        return lambda value: isinstance(value, wanted)
    return lambda value: type_of_value(value) == declared
