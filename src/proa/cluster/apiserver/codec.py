"""Between objects and stored bytes.

Stored JSON begins with apiVersion, kind and `{"metadata":{"resourceVersion":"`, where the store
puts the revision in; the rest of the metadata and of the object follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from proa.cluster.apiserver.kind import Kind
from proa.cluster.store import Entry, Value
from proa.kube.resources import Object

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Any])
encode_json = _encoder.encode


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
    metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
    rest = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    kind = _encoder.encode({"apiVersion": obj["apiVersion"], "kind": obj["kind"]})
    head = kind[:-1] + b',"metadata":{"resourceVersion":"'
    tail = b'",' + _encoder.encode(metadata)[1:]
    return Value(head, tail + (b"," + _encoder.encode(rest)[1:] if rest else b"}"))


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
