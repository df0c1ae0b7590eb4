r"""Kubernetes objects in protobuf: the `k8s\0` envelope, to the objects that JSON would give.

Bodies of the media type application/vnd.kubernetes.protobuf. Tables come from the data
file of `scripts/distil-protobuf`; a message is parsed when first met.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from proa.cluster.protobuf.codec import Codec
from proa.cluster.protobuf.field import MESSAGE, Field, Table, messages
from proa.cluster.protobuf.scalars import SCALARS
from proa.cluster.protobuf.values import SPECIAL
from proa.cluster.protobuf.wire import DecodeError
from proa.kube.resources import Object

MAGIC = b"k8s\x00"

_META = "k8s.io.apimachinery.pkg.apis.meta.v1"
_LIST = "[]"
_ENVELOPE = Codec(
    messages(
        {"Unknown": "1 typeMeta TypeMeta; 2 raw bytes", "TypeMeta": "1 apiVersion string; 2 kind string"}
    ),
    fill_defaults=True,
)


def decode_object(body: bytes) -> Object:
    """The object in a body. Raises DecodeError for damaged bytes and for kinds without a table."""
    if not body.startswith(MAGIC):
        raise DecodeError("the body does not start with the Kubernetes protobuf prefix")
    envelope = _ENVELOPE.decode("Unknown", body[len(MAGIC) :])
    type_meta = envelope.get("typeMeta", {"apiVersion": "", "kind": ""})
    message = _message_of(type_meta["apiVersion"], type_meta["kind"])
    return {**type_meta, **_OBJECTS.decode(message, envelope["raw"])}


@dataclass(frozen=True, slots=True)
class ObjectField(Field):
    """A field with what Go's JSON adds."""

    pointer: bool = False
    always: bool = False
    """Written even when it is empty."""
    omits_empty_struct: bool = False
    inline: bool = False

    @property
    def keeps_zero(self) -> bool:
        return self.pointer or self.always


class _ObjectCodec(Codec):
    """Gives values their JSON shape while decoding."""

    def store(self, result: dict[str, Any], field: Field, wire_type: int, raw: int | bytes) -> None:
        if field.map or field.repeated or not isinstance(field, ObjectField):
            super().store(result, field, wire_type, raw)
            return
        value = self.decode_value(field, wire_type, raw)
        if field.inline:
            result.update(value)
        elif value or (field.keeps_zero and value is not None):
            result[field.name] = value

    def decode_value(self, field: Field, wire_type: int, raw: int | bytes) -> Any:
        if field.message in SPECIAL:
            return SPECIAL[field.message](super().decode_value(field, wire_type, raw))
        value = super().decode_value(field, wire_type, raw)
        if field.kind == "bytes":
            return base64.b64encode(value).decode()
        return value.get(_LIST, []) if field.kind == MESSAGE and is_list(field.message) else value


class _Document(msgspec.Struct):
    groups: dict[str, str]
    packages: dict[str, dict[str, str]]


@cache
def _document() -> _Document:
    packed = files("proa.cluster.protobuf").joinpath("data/kubernetes.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed), type=_Document)


class _Tables(Mapping[str, Table]):
    """`package/message` -> table, parsed on first use."""

    def __init__(self) -> None:
        self._parsed: dict[str, Table] = {}

    def __getitem__(self, message: str) -> Table:
        if message not in self._parsed:
            package, _, name = message.partition("/")
            self._parsed[message] = _parse(package, _document().packages[package][name])
        return self._parsed[message]

    def __iter__(self) -> Iterator[str]:
        return (f"{package}/{name}" for package, names in _document().packages.items() for name in names)

    def __len__(self) -> int:
        return sum(map(len, _document().packages.values()))


_OBJECTS = _ObjectCodec(_Tables())


def _parse(package: str, text: str) -> Table:
    declarations = (declaration.split() for declaration in text.split("; ") if declaration)
    return {int(number): _field(package, name, type_) for number, name, type_ in declarations}


def _field(package: str, name: str, type_: str) -> ObjectField:
    type_, marks = (text := type_.rstrip("^*!?")), type_[len(text) :]
    repeated, is_map = type_.endswith("[]"), type_.startswith("map<")
    base = type_[:-2] if repeated else type_[4:-1] if is_map else type_
    found = ("*" in marks, "!" in marks, "?" in marks, "^" in marks)
    if base in SCALARS:
        return ObjectField(name, base, repeated, is_map, "", *found)
    message = base if "/" in base else f"{package}/{base}"
    return ObjectField(name, MESSAGE, repeated, is_map, message, *found)


def fields_of(message: str) -> Iterable[ObjectField]:
    """The fields of a message, `package/name`; none when it is unknown or not an object in JSON."""
    package, _, name = message.partition("/")
    if message in SPECIAL or name not in _document().packages.get(package, {}) or is_list(message):
        return ()
    return [field for field in _OBJECTS.table(message).values() if isinstance(field, ObjectField)]


@cache
def is_list(message: str) -> bool:
    """Whether the message is a bare list in JSON."""
    package, _, name = message.partition("/")
    return _document().packages[package][name].startswith(f"1 {_LIST}")


def _message_of(api_version: str, kind: str) -> str:
    """The message of a kind; options and lists of the meta package travel under any group."""
    document = _document()
    for package in (document.groups.get(api_version), _META):
        if package and kind in document.packages[package]:
            return f"{package}/{kind}"
    raise DecodeError(f"no protobuf message is known for {json.dumps(api_version)}, kind {json.dumps(kind)}")
