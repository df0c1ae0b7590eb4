"""Between objects and stored bytes.

Stored JSON begins with apiVersion, kind and `{"metadata":{"resourceVersion":"`, where the store
puts the revision in; the rest of the metadata and of the object follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from proa.cluster.apiserver.kind import Kind
from proa.cluster.store import Entry, Value
from proa.kube.resources import Object

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Any])
encode_json = _encoder.encode
_OPENING = dict.fromkeys(("apiVersion", "kind", "metadata"))
_UNREVISED = {"resourceVersion": ""}


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None


class _Head(msgspec.Struct):
    metadata: _Metadata


_head_decoder = msgspec.json.Decoder(_Head)


class Notes:
    """What selectors and authentication ask of an entry; decoded once for each revision."""

    __slots__ = ("fields", "kind", "labels", "shown", "uid")

    def __init__(self, metadata: _Metadata) -> None:
        self.uid = metadata.uid
        self.labels: Mapping[str, str] = metadata.labels or {}
        self.fields: Mapping[str, str] = {}
        self.kind: Kind | None = None
        """Whose fields they are."""
        self.shown: tuple[object, Entry] | None = None
        """A form of a custom resource, and the entry as it shows there."""


def encode(obj: Object) -> Value:
    """The halves to store; the object's own resourceVersion is left out."""
    metadata = _UNREVISED | obj["metadata"] | _UNREVISED
    whole = _encoder.encode(_OPENING | obj | {"metadata": metadata})
    cut = _cut(obj["apiVersion"], obj["kind"])
    return Value(whole[:cut], whole[cut:])


@lru_cache(1024)
def _cut(api_version: str, kind: str) -> int:
    """Where the revision belongs in the JSON of an object of a kind."""
    opening = {"apiVersion": api_version, "kind": kind, "metadata": _UNREVISED}
    return len(_encoder.encode(opening)) - len('"}}')


def entry_of(key: str, revision: int, obj: Object) -> Entry:
    """The entry that storing an object at a revision would make."""
    head, tail = encode(obj)
    return Entry(key, revision, len(head), b"%b%d%b" % (head, revision, tail))


def decode(entry: Entry) -> Object:
    """A new object of its own."""
    return _decoder.decode(entry.value)


def decode_bytes(value: bytes) -> Object:
    """A new object from stored bytes."""
    return _decoder.decode(value)


def notes(entry: Entry) -> Notes:
    """Labels and uid of an entry."""
    if entry.notes is None:
        entry.notes = Notes(_head_decoder.decode(entry.value).metadata)
    known: Notes = entry.notes
    return known


def field(kind: Kind, entry: Entry, name: str) -> str | None:
    """One of them; a name is that of the key, for which nothing is decoded."""
    return entry.key.rpartition("/")[2] if name == "metadata.name" else fields(kind, entry).get(name)


def fields(kind: Kind, entry: Entry) -> Mapping[str, str]:
    """What field selectors can ask of an entry."""
    known = notes(entry)
    if known.kind is not kind:
        known.kind, known.fields = kind, kind.selectable(decode(entry))
    return known.fields
