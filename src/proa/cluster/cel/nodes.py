"""The syntax tree. Every node knows its place: the offset that an error message points at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Macro = Literal["all", "exists", "exists_one", "map", "filter", "transformMap", "transformMapEntry"]


@dataclass(slots=True, eq=False)
class Node:
    """Any expression."""

    offset: int


@dataclass(slots=True, eq=False)
class Literal_(Node):  # noqa: N801 - the grammar's word, which typing has taken
    """A constant: None, bool, int, Uint, float, str or bytes."""

    value: Any


@dataclass(slots=True, eq=False)
class Ident(Node):
    """A name; a leading dot belongs to it."""

    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    """`operand.field`; `has(operand.field)` when only presence is asked; `operand.?field` when optional."""

    operand: Node
    field: str
    presence: bool = False
    optional: bool = False


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function or, with a target, a method. Operators have cel-go's names (`_+_`, `_[_]`, `!_`)."""

    function: str
    target: Node | None
    args: list[Node]


@dataclass(slots=True, eq=False)
class Logic(Node):
    """`&&` or `||` over two or more terms."""

    operator: Literal["&&", "||"]
    terms: list[Node]


@dataclass(slots=True, eq=False)
class ListNode(Node):
    """`[a, ?b]`."""

    elements: list[Node]
    optional: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class Entry(Node):
    """An entry of a map."""

    key: Node
    value: Node
    optional: bool = False


@dataclass(slots=True, eq=False)
class MapNode(Node):
    """`{k: v, ?k: v}`."""

    entries: list[Entry]


@dataclass(slots=True, eq=False)
class Initializer(Node):
    """A field of a struct that is being made."""

    name: str
    value: Node
    optional: bool = False


@dataclass(slots=True, eq=False)
class Struct(Node):
    """`Name{field: value}`."""

    name: str
    fields: list[Initializer]


@dataclass(slots=True, eq=False)
class Comprehension(Node):
    """A macro over the elements of a list or the keys of a map.

    `variables` are one name, or two (index or key, then the element or value).
    """

    macro: Macro
    over: Node
    variables: tuple[str, ...]
    predicate: Node | None
    transform: Node | None = None


@dataclass(slots=True, eq=False)
class OptionalMap(Node):
    """`target.optMap(variable, body)`, or optFlatMap when `flat`."""

    target: Node
    variable: str
    body: Node
    flat: bool


@dataclass(slots=True, eq=False)
class SortBy(Node):
    """`target.sortBy(variable, key)`."""

    target: Node
    variable: str
    key: Node


@dataclass(slots=True, eq=False)
class Broken(Node):
    """What stands where the text was wrong; the problem is already reported."""

    note: str = field(default="")
