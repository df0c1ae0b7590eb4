"""Which fields of a definition are there before anybody sets them.

The types of the Kubernetes API hold some fields by value, others by pointer: of the first, JSON shows
no zero value, or shows it always. Clients and ownership (managedFields) see this. The protobuf tables,
which are made of the same types, know it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from proa.cluster.protobuf.field import MESSAGE
from proa.cluster.protobuf.kubernetes import ObjectField, fields_of, is_list

_SCALARS: Mapping[str, Any] = {"string": "", "bool": False, "bytes": None}
_ODD: Mapping[str, Any] = {"Quantity": "0", "IntOrString": 0, "Duration": "0s"}
"""Messages that are no objects in JSON, and whose zero value is not null."""
_NULL = ("Time", "MicroTime", "RawExtension", "FieldsV1", "JSON")


@dataclass(frozen=True)
class Presence:
    """Of one definition."""

    omitted: frozenset[str] = frozenset()
    """Fields whose zero value (empty text, 0, false, an empty list or map) is never written."""
    always: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are always written, with their zero value: an empty struct is `{}`."""


@cache
def presence_of(definition: str) -> Presence:
    """The presence of a published definition's fields; nothing special of what is no Kubernetes type."""
    fields = tuple(_flat(_message_of(definition)))
    return Presence(
        frozenset(each.name for each in fields if _is_omitted(each)),
        {each.name: _zero(each) for each in fields if _is_always(each)},
    )


def _message_of(definition: str) -> str:
    """`io.k8s.api.core.v1.Pod` -> `k8s.io.api.core.v1/Pod`."""
    package, _, name = definition.removeprefix("io.k8s.").rpartition(".")
    return f"k8s.io.{package.replace('-', '_')}/{name}"


def _flat(message: str) -> Iterator[ObjectField]:
    """The fields as they stand in JSON, where those of embedded structs are their parent's."""
    for each in fields_of(message):
        if each.inline:
            yield from _flat(each.message)
        else:
            yield each


def _is_list(each: ObjectField) -> bool:
    return each.repeated or each.map or bool(each.message and is_list(each.message))


def _is_omitted(each: ObjectField) -> bool:
    return not each.pointer and not each.always and (each.kind != MESSAGE or _is_list(each))


def _is_always(each: ObjectField) -> bool:
    by_value = each.kind == MESSAGE and not _is_list(each) and not each.pointer
    return each.always or (by_value and not each.omits_empty_struct)


def _zero(each: ObjectField) -> Any:
    if each.pointer or _is_list(each):
        return None
    if each.kind != MESSAGE:
        return _SCALARS.get(each.kind, 0)
    name = each.message.rpartition("/")[2]
    return None if name in _NULL else _ODD.get(name, {})
