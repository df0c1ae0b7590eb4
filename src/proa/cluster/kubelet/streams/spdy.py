"""As much of SPDY/3.1 as a client of the runtime's streaming server needs. Pure.

Such a client opens streams, sends and gets data, ends streams and answers pings. Header blocks go out
compressed without the protocol's preset dictionary, which every inflater takes too; those that come are
skipped. Windows are not kept, as that server keeps none. Source: SPDY protocol, draft 3.1, 2.2 and 2.6.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

HEAD_SIZE = 8
"""Bytes with which every frame begins."""
_CONTROL = 0x8003 << 16
_FINAL = 1
_NUMBER = (1 << 31) - 1


class Kind(IntEnum):
    """Kinds of frames: DATA, and those control frames that are understood."""

    DATA = 0
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    PING = 6
    GOAWAY = 7


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a frame. `kind` may be none of `Kind`."""

    kind: int
    stream: int
    """Of a data frame; control frames name theirs in what follows."""
    final: bool
    length: int
    """Bytes that follow."""


def parse_head(data: bytes) -> Head:
    """What `HEAD_SIZE` bytes announce."""
    first, rest = struct.unpack(">II", data)
    final, length = bool(rest >> 24 & _FINAL), rest & 0xFFFFFF
    if first >> 31:
        return Head(first & 0xFFFF, 0, final, length)
    return Head(Kind.DATA, first, final, length)


def stream_of(payload: bytes) -> int:
    """The stream that a SYN_REPLY or RST_STREAM is about."""
    return int.from_bytes(payload[:4]) & _NUMBER


def ended(head: Head, payload: bytes) -> int:
    """The stream that ends with a frame; 0 when none does."""
    if head.kind == Kind.RST_STREAM:
        return stream_of(payload)
    return head.stream if head.final else 0


def data_frame(stream: int, data: bytes, *, final: bool = False) -> bytes:
    """Data of a stream; with `final` the stream's last."""
    return struct.pack(">II", stream, final << 24 | len(data)) + data


def ping_frame(payload: bytes) -> bytes:
    """The answer to a PING, which is the same again."""
    return _control(Kind.PING, payload)


class Opener:
    """Makes the frames that open streams: their headers share one compression for the whole connection."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj()

    def syn_stream(self, stream: int, headers: Mapping[str, str]) -> bytes:
        """The frame that opens stream `stream` (an odd number, higher than the one before)."""
        pairs = [part.encode() for name, value in headers.items() for part in (name.lower(), value)]
        block = struct.pack(">I", len(headers))
        block += b"".join(struct.pack(">I", len(part)) + part for part in pairs)
        packed = self._compressor.compress(block) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return _control(Kind.SYN_STREAM, struct.pack(">IIH", stream, 0, 0) + packed)


def _control(kind: Kind, payload: bytes) -> bytes:
    return struct.pack(">II", _CONTROL | kind, len(payload)) + payload
