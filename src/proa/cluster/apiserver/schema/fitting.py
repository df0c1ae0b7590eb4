"""Whether there is nothing to say of an object, and nothing to change: most objects are as they should be.

msgspec compares an object with a type that is made once of the schema, and is twenty times faster than the
walks of `check` and `prune`, which find out what is wrong with the others. The types are a little stricter
than the schemas where that is simpler: a value that does not fit may still be right.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any, ClassVar, Union

import msgspec

from proa.cluster.apiserver.schema.check import MAY_LACK
from proa.cluster.apiserver.schema.node import Node

_FILLED = msgspec.Meta(min_length=1)
_TEXT = Annotated[str, _FILLED]
_BITS = {"int32": 31, "int64": 63, "": 63}
_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"


class Inexpressible(Exception):
    """A schema that refers to itself, or says of a place that anything may stand there."""


class _True:
    """Stands for a boolean of which no false is written."""

    @staticmethod
    def takes(value: Any) -> bool:
        return value is True


class _Written:
    """Stands for a quantity or time in the one way in which it is written."""

    written: ClassVar[Callable[[Any], Any]]

    @classmethod
    def takes(cls, value: Any) -> bool:
        return value.__class__ is str and cls.written(value) == value


def fits(type_: Any, obj: Any) -> bool:
    """Whether `check` finds nothing in an object and `prune` changes nothing; False also when in doubt."""
    try:
        msgspec.convert(obj, type_, dec_hook=_taken)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def _taken(type_: type[_True | _Written], value: Any) -> _True | _Written:
    if type_.takes(value):
        return type_()
    raise ValueError("is not as it is written")


class Types:
    """Makes types, each once."""

    def __init__(self) -> None:
        self._structs: dict[Node, type[msgspec.Struct]] = {}
        self._begun: set[str] = set()

    def of(self, node: Node) -> Any:
        """The type of what stands at a node. Raises Inexpressible."""
        if node.written is not None:
            return type("Written", (_Written,), {"written": staticmethod(node.written)})
        if node.alternatives:
            return int | _TEXT
        if node.open:
            return self._open(node)
        if node.type == "array":
            return _filled(GenericAlias(list, (self.of(_known(node.items)),)))
        if node.values is not None:
            return _filled(GenericAlias(dict, (str, self.of(node.values))))
        return self._struct(node) if node.type == "object" else _scalar(node)

    @staticmethod
    def _open(node: Node) -> Any:
        if node.type != "object":
            raise Inexpressible(node.name)
        return dict[str, Any]

    def _struct(self, node: Node) -> type[msgspec.Struct]:
        if node not in self._structs:
            if node.name in self._begun:
                raise Inexpressible(node.name)
            self._begun.add(node.name)
            try:
                self._structs[node] = self._defined(node)
            finally:
                self._begun.discard(node.name)
        return self._structs[node]

    def _defined(self, node: Node) -> type[msgspec.Struct]:
        names = dict(enumerate(node.properties))
        return msgspec.defstruct(
            node.name.rpartition(".")[2] or "Struct",
            [(f"_{number}", *self._field(node, name)) for number, name in names.items()],
            rename={f"_{number}": name for number, name in names.items()},
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )

    def _field(self, node: Node, name: str) -> tuple[Any] | tuple[Any, Any]:
        """The type of a field, and its default unless it is required."""
        child = _known(node.field(name))
        required = name in node.required and name not in MAY_LACK.get(node.name, ())
        type_ = self.of(child)
        if name in node.presence.omitted or (required and child.type == "string"):
            type_ = _nonzero(child, type_)
        if required:
            return (type_,)
        if node.presence.always.get(name, type_) is None:
            type_ = Union[type_, None]  # noqa: UP007 - `|` takes no Annotated of a list
        return (Union[type_, msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007


def _known(node: Node | None) -> Node:
    if node is None:
        raise Inexpressible("a list of anything")
    return node


def _scalar(node: Node) -> Any:
    if node.type == "integer":
        return _integer(node, -(1 << _BITS[node.format]))
    if node.format == "byte":
        return Annotated[str, msgspec.Meta(pattern=_BASE64)]
    return {"string": str, "boolean": bool, "number": float}[node.type]


def _integer(node: Node, least: int) -> Any:
    return Annotated[int, msgspec.Meta(ge=least, le=(1 << _BITS[node.format]) - 1)]


def _nonzero(node: Node, type_: Any) -> Any:
    """The same without the value that is never written."""
    if node.type == "boolean":
        return _True
    if node.type == "integer":
        return _integer(node, 1)
    if node.type == "number":
        return Annotated[float, msgspec.Meta(gt=0)]
    return _filled(type_) if node.type == "string" and node.written is None else type_


def _filled(type_: Any) -> Any:
    return Annotated[type_, _FILLED]
