"""The fields of a new object, straight in the form of FieldsV1: one walk, as creates are many.

It finds what comparing with an empty object would find.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from proa.cluster.apiserver.apply.managers import UNOWNED_METADATA
from proa.cluster.apiserver.apply.paths import SELF
from proa.cluster.apiserver.apply.typed import element_of, is_granular
from proa.cluster.apiserver.schema import Node
from proa.kube.resources import Object

_NOBODYS = ("apiVersion", "kind")


def initial_fields(schema: Node | None, obj: Object, ignored: Collection[str] = ()) -> Object:
    """FieldsV1 of all that a create adds; `ignored` are names at the top."""
    considered = {k: v for k, v in obj.items() if k not in _NOBODYS and k not in ignored}
    metadata = considered.get("metadata")
    if metadata:
        considered["metadata"] = {k: v for k, v in metadata.items() if k not in UNOWNED_METADATA}
    return _below(schema, considered, mark=False)


def _below(node: Node | None, value: dict[str, Any], *, mark: bool) -> Object:
    """The fields below a struct or map, which is a member itself when it is marked."""
    found: Object = {SELF: {}} if mark and value else {}
    there = node.presence.always if node is not None and not mark else {}
    for name, child in value.items():
        if name in there and child == there[name]:
            continue
        if child.__class__ not in (dict, list):
            found[f"f:{name}"] = {}
            continue
        below = node.field(name) if node is not None else None
        if name not in there:
            found[f"f:{name}"] = _added(below, child)
        else:
            fields = _existing(below, child)
            if fields or not is_granular(below, child):
                found[f"f:{name}"] = fields
    return found


def _existing(node: Node | None, value: Any) -> Object:
    """The fields of a struct or list that was there, empty."""
    if not is_granular(node, value):
        return {}
    if isinstance(value, dict):
        return _below(node, value, mark=False)
    return {element: fields for element, fields in _added(node, value).items() if element != SELF}


def _added(node: Node | None, value: Any) -> Object:
    """The fields of something that was not there before."""
    if type(value) is dict:
        return _below(node, value, mark=True) if is_granular(node, value) else {}
    if type(value) is not list or node is None or not value or not is_granular(node, value):
        return {}
    found: Object = {SELF: {}}
    for item in value:
        found[element_of(node, item)] = _added(node.items, item)
    return found
