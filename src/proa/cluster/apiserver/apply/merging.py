"""Merging an applied configuration into an object, and taking fields out of one.

Neither changes its arguments. Source: structured-merge-diff, typed/merge and typed/remove.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from proa.cluster.apiserver.apply.paths import FieldSet, Path
from proa.cluster.apiserver.apply.typed import children, element_of, is_granular
from proa.cluster.apiserver.schema import Node
from proa.errors import BadRequest
from proa.kube.resources import Object


def merge(node: Node | None, live: Any, applied: Any) -> Any:
    """`live` with every field that `applied` sets; null takes away a value, but not the parts of one."""
    if applied is None:
        return live if is_granular(node, live) else None
    if not is_granular(node, applied):
        return applied
    if type(live) is not type(applied):
        live = type(applied)()
    if isinstance(applied, dict):
        merged = dict(live)
        for name, value in applied.items():
            below = node.field(name) if node else None
            merged[name] = merge(below, live.get(name), value)
        return merged
    assert node is not None, "a granular list has a schema"
    return _merge_lists(node, live, applied)


def _merge_lists(node: Node, live: list[Any], applied: list[Any]) -> list[Any]:
    """Members in the order of the configuration; the others keep their place before those they preceded."""
    ours = {element_of(node, item): item for item in live}
    theirs = _by_element(node, applied)
    merged: list[Any] = []
    waiting = list(ours)
    for element, item in theirs.items():
        while waiting and waiting[0] != element and (waiting[0] not in theirs or element in waiting):
            first = waiting.pop(0)
            if first not in theirs:
                merged.append(ours[first])
        if element in waiting:
            waiting.remove(element)
        merged.append(merge(node.items, ours.get(element), item))
    return merged + [ours[element] for element in waiting if element not in theirs]


def _by_element(node: Node, items: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        element = element_of(node, item)
        if element in found:
            raise BadRequest(f"duplicate entries for key {element[2:]}")
        found[element] = item
    return found


def without(node: Node | None, obj: Object, paths: FieldSet) -> Object:
    """The object less the fields of these paths and all below them; what is emptied goes too."""
    left = _without(node, obj, _by_first(paths))
    return left if isinstance(left, dict) else {}


def _by_first(paths: Iterable[Path]) -> dict[str, list[Path]]:
    grouped: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        grouped[path[0]].append(path[1:])
    return grouped


def _without(node: Node | None, value: Any, unwanted: dict[str, list[Path]]) -> Any:
    kept = []
    for element, below, child in children(node, value):
        rests = unwanted.get(element)
        if rests is None:
            kept.append((element, child))
        elif () not in rests:
            left = _without(below, child, _by_first(rests)) if is_granular(below, child) else child
            if left not in (None, {}, []):
                kept.append((element, left))
    if isinstance(value, dict):
        return {element[2:]: child for element, child in kept}
    return [child for _, child in kept]
