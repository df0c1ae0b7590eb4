"""The types of CEL, and how a checker compares them.

Source: the CEL language definition; names as cel-go prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "error",
    "int",
    "list",
    "map",
    "null",
    "object",
    "opaque",
    "param",
    "string",
    "timestamp",
    "type",
    "uint",
]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object type: its type, and the key that carries it in the JSON object."""

    type: Type
    key: str


@dataclass(frozen=True, slots=True)
class Type:
    """A type. Equality goes by kind, name and parameters: two object types of one name are one type."""

    kind: Kind
    name: str = ""
    params: tuple[Type, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict, compare=False, repr=False)
    """Of an object type, by the name that expressions use."""
    list_type: str = field(default="", compare=False)
    """Of a list: `set` or `map` where the order of elements means nothing (x-kubernetes-list-type)."""
    list_keys: tuple[str, ...] = field(default=(), compare=False)
    """Of a list of type `map`: the fields that identify an element."""

    def __str__(self) -> str:
        name = self.name or _SPELLING.get(self.kind, self.kind)
        return f"{name}({', '.join(map(str, self.params))})" if self.params else name

    @property
    def is_open(self) -> bool:
        """Whether anything may be behind the type (dyn, or what an error left)."""
        return self.kind in ("dyn", "error")

    @property
    def is_optional(self) -> bool:
        """Whether this is optional_type(T)."""
        return self.kind == "opaque" and self.name == OPTIONAL_NAME


_SPELLING = {"error": "!error!"}
OPTIONAL_NAME = "optional_type"

BOOL = Type("bool")
BYTES = Type("bytes")
DOUBLE = Type("double")
DURATION = Type("duration")
DYN = Type("dyn")
ERROR = Type("error")
INT = Type("int")
NULL = Type("null")
STRING = Type("string")
TIMESTAMP = Type("timestamp")
TYPE = Type("type")
UINT = Type("uint")


def list_of(element: Type, list_type: str = "", list_keys: tuple[str, ...] = ()) -> Type:
    """list(element)."""
    return Type("list", params=(element,), list_type=list_type, list_keys=list_keys)


def map_of(key: Type, value: Type) -> Type:
    """map(key, value)."""
    return Type("map", params=(key, value))


def optional_of(value: Type) -> Type:
    """optional_type(value)."""
    return Type("opaque", OPTIONAL_NAME, (value,))


def type_of(value: Type) -> Type:
    """type(value)."""
    return Type("type", params=(value,))


def object_type(name: str, fields: Mapping[str, Type | Field] | None = None) -> Type:
    """A type with named fields; a plain Type stands for a field whose JSON key is its name."""
    resolved = {
        key: value if isinstance(value, Field) else Field(value, key) for key, value in (fields or {}).items()
    }
    return Type("object", name, fields=resolved)


def param(name: str) -> Type:
    """A type variable."""
    return Type("param", name)
