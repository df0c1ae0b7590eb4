"""Scalar kinds: how each is packed, unpacked, and which value is its default."""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from proa.cluster.protobuf.wire import (
    FIXED32,
    FIXED64,
    LENGTH_DELIMITED,
    VARINT,
    DecodeError,
    encode_varint,
)


class Scalar(NamedTuple):
    """One scalar kind; `unpack` takes what `wire.fields` yields."""

    wire_type: int
    default: Any
    pack: Callable[[Any], bytes]
    unpack: Callable[[Any], Any]


def _signed(bits: int) -> Callable[[int], int]:
    half, full, mask = 1 << (bits - 1), 1 << bits, (1 << bits) - 1

    def unpack(raw: int) -> int:
        value = raw & mask
        return value - full if value >= half else value

    return unpack


def _unsigned(bits: int) -> Callable[[int], int]:
    mask = (1 << bits) - 1
    return lambda raw: raw & mask


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"string is not UTF-8: {error.reason}") from None


def _fixed(wire_type: int, layout: str, default: float) -> Scalar:
    codec = struct.Struct(layout)
    return Scalar(wire_type, default, codec.pack, lambda raw: codec.unpack(raw)[0])


SCALARS: dict[str, Scalar] = {
    "int32": Scalar(VARINT, 0, encode_varint, _signed(32)),
    "int64": Scalar(VARINT, 0, encode_varint, _signed(64)),
    "uint32": Scalar(VARINT, 0, encode_varint, _unsigned(32)),
    "uint64": Scalar(VARINT, 0, encode_varint, _unsigned(64)),
    "enum": Scalar(VARINT, 0, encode_varint, _signed(32)),
    "bool": Scalar(VARINT, False, encode_varint, bool),
    "string": Scalar(LENGTH_DELIMITED, "", str.encode, _text),
    "bytes": Scalar(LENGTH_DELIMITED, b"", bytes, bytes),
    "double": _fixed(FIXED64, "<d", 0.0),
    "float": _fixed(FIXED32, "<f", 0.0),
}
