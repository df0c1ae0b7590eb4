"""Walking an object by its schema: which fields it has, and in which two differ.

Lists are `map` (members known by keys), `set` or atomic (one value), maps and structs granular
unless the schema says atomic. Source: structured-merge-diff, typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver.apply.paths import FieldSet, Path, field, keyed, valued
from proa.cluster.apiserver.schema import Node
from proa.kube.resources import Object

_KEY_DEFAULTS = {"protocol": "TCP"}
"""Values of key fields that may be left out (ports of containers and services)."""


def is_granular(node: Node | None, value: Any) -> bool:
    """Whether parts of the value can have different owners."""
    if value.__class__ is dict:
        return node is None or node.granular
    return value.__class__ is list and node is not None and node.granular and bool(node.list_type)


def element_of(node: Node, item: Any) -> str:
    """The path element by which a list's member is known."""
    if node.list_type == "set" or not isinstance(item, dict):
        return valued(item)
    keys = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in node.list_map_keys}
    return keyed({key: value for key, value in keys.items() if value is not None})


def children(node: Node | None, value: Any) -> Iterator[tuple[str, Node | None, Any]]:
    """(element, schema, value) of what a granular value holds."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield field(name), node.field(name) if node else None, child
    elif node is not None:
        for item in value:
            yield element_of(node, item), node.items, item


def without_empty_lists(node: Node | None, value: Any) -> Any:
    """A configuration less its lists without members: nobody can own one."""
    if not is_granular(node, value):
        return value
    if isinstance(value, list):
        return [without_empty_lists(node.items if node else None, item) for item in value]
    kept = ((name, node.field(name) if node else None, child) for name, child in value.items())
    return {
        name: without_empty_lists(below, child)
        for name, below, child in kept
        if child != [] or not is_granular(below, child)
    }


def fields_of(node: Node | None, obj: Object) -> FieldSet:
    """Every field that an applied configuration claims."""
    found: set[Path] = set()
    _claim(node, obj, (), found)
    return frozenset(found)


def _claim(node: Node | None, value: Any, path: Path, found: set[Path]) -> None:
    if not is_granular(node, value):
        found.add(path)
        return
    if value == {} and path:
        found.add(path)
    for element, below, child in children(node, value):
        here = (*path, element)
        if child.__class__ is dict or child.__class__ is list:
            _claim(below, child, here, found)
            if value.__class__ is list or (path and _is_of_a_map(node, element)):
                found.add(here)
        else:
            found.add(here)


def _is_of_a_map(node: Node | None, element: str) -> bool:
    """Whether a field is no declared one, but the key of a map."""
    return node is None or element[2:] not in node.properties


@dataclass(frozen=True)
class Comparison:
    """The fields in which a new object differs from an old one."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet


def compare(node: Node | None, old: Object, new: Object) -> Comparison:
    """What was added, changed and removed; a new subtree counts with all that leads to its leaves."""
    walk = _Comparing()
    walk.both(node, old, new, ())
    return Comparison(frozenset(walk.added), frozenset(walk.modified), frozenset(walk.removed))


class _Comparing:
    def __init__(self) -> None:
        self.added: set[Path] = set()
        self.modified: set[Path] = set()
        self.removed: set[Path] = set()

    def both(self, node: Node | None, old: Any, new: Any, path: Path) -> None:
        if old == new and type(old) is type(new):
            return
        old, new = _or_empty(node, old, new), _or_empty(node, new, old)
        if not (is_granular(node, old) and is_granular(node, new) and type(old) is type(new)) or not (
            old or new
        ):
            self.modified.add(path)
            return
        if isinstance(new, dict):
            self._maps(node, old, new, path)
        else:
            self._lists(node, old, new, path)

    def _maps(self, node: Node | None, old: Object, new: Object, path: Path) -> None:
        for name, value in new.items():
            below = node.field(name) if node else None
            if name not in old:
                _everything(below, value, (*path, field(name)), self.added)
            elif value != old[name] or type(value) is not type(old[name]):
                self.both(below, old[name], value, (*path, field(name)))
        for name in old.keys() - new.keys():
            _everything(node.field(name) if node else None, old[name], (*path, field(name)), self.removed)

    def _lists(self, node: Node | None, old: list[Any], new: list[Any], path: Path) -> None:
        before = {element: (below, value) for element, below, value in children(node, old)}
        after = {element: (below, value) for element, below, value in children(node, new)}
        for element, (below, value) in after.items():
            if element in before:
                self.both(below, before[element][1], value, (*path, element))
            else:
                _everything(below, value, (*path, element), self.added)
        for element in before.keys() - after.keys():
            below, value = before[element]
            _everything(below, value, (*path, element), self.removed)


def _or_empty(node: Node | None, value: Any, other: Any) -> Any:
    """An empty list or map in the place of null, where the other side holds one."""
    return type(other)() if value is None and is_granular(node, other) else value


def _everything(node: Node | None, value: Any, path: Path, into: set[Path]) -> None:
    into.add(path)
    if is_granular(node, value):
        for element, below, child in children(node, value):
            _everything(below, child, (*path, element), into)
