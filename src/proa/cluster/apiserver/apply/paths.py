"""Paths into an object, and sets of them, as `managedFields` writes them.

A path is a tuple of elements, each in the text form of FieldsV1:

    f:name                a field or a map's key
    k:{"name":"web"}      the element of a keyed list with these keys
    v:"x"                 the element of a set
    i:0                   an element by position

A set of paths is a frozenset, so the algebra of ownership is Python's own. Source:
structured-merge-diff, fieldpath.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from proa.kube.resources import Object

Path = tuple[str, ...]
FieldSet = frozenset[Path]

_encode = msgspec.json.Encoder(order="deterministic").encode
EMPTY: FieldSet = frozenset()
SELF = "."


def field(name: str) -> str:
    """The element of a field."""
    return f"f:{name}"


def keyed(keys: Object) -> str:
    """The element of a keyed list's member."""
    return "k:" + _encode(keys).decode()


def valued(value: Any) -> str:
    """The element of a set's member."""
    return "v:" + _encode(value).decode()


def from_fields_v1(fields: Object) -> FieldSet:
    """The set that a FieldsV1 object describes. Raises ValueError for what is none."""
    return frozenset(_members(fields, ()))


def _members(fields: Object, prefix: Path) -> Iterator[Path]:
    for element, below in fields.items():
        if element == SELF:
            yield prefix
        elif element[:2] not in ("f:", "k:", "v:", "i:") or not isinstance(below, dict):
            raise ValueError(f"{element!r} is no element of FieldsV1")
        elif below:
            yield from _members(below, (*prefix, element))
        else:
            yield (*prefix, element)


def contains(fields: Object, path: Path) -> bool:
    """Whether the path is a member of a FieldsV1 object."""
    node: Object | None = fields
    for element in path:
        if node is None:
            return False
        node = node.get(element)
    return node is not None and (not node or SELF in node)


def to_fields_v1(paths: Iterable[Path]) -> Object:
    """The FieldsV1 object of a set, keys in their fixed order."""
    root: Object = {}
    for path in sorted(paths):
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node[SELF] = {}
    return _without_lone_marks(root)


def _without_lone_marks(node: Object) -> Object:
    """A leaf is written as an empty object; the mark stands only beside children."""
    return {
        element: {} if below.keys() == {SELF} else _without_lone_marks(below)
        for element, below in sorted(node.items())
    }


def readable(path: Path) -> str:
    """`.spec.containers[name="web"].image`, as error messages print a path."""
    return "".join(map(_readable_element, path))


def _readable_element(element: str) -> str:
    kind, text = element[0], element[2:]
    if kind == "f":
        return f".{text}"
    if kind == "k":
        pairs = ",".join(f"{name}={json.dumps(value)}" for name, value in json.loads(text).items())
        return f"[{pairs}]"
    return f"[={text}]" if kind == "v" else f"[{text}]"
