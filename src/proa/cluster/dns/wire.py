"""DNS messages as bytes: names, records, questions. Source: RFC 1035, RFC 6891 (EDNS0), RFC 2782 (SRV)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, OPT, ANY = 1, 2, 5, 6, 12, 16, 28, 33, 41, 255
IN = 1
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5

RESPONSE, AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED, RECURSION_AVAILABLE = (
    0x8000, 0x0400, 0x0200, 0x0100, 0x0080,
)  # fmt: skip
ONE_QUESTION = b"\x00\x01\x00\x00\x00\x00\x00\x00"
"""The counts of a message with a question and nothing else."""
HERE = b"\xc0\x0c"
"""A pointer to the name of the question, as the owner of an answer."""
PLAIN_SIZE, EDNS_SIZE = 512, 1232
"""Bytes of a datagram without EDNS0, and the most that we send or take (DNS Flag Day 2020)."""

_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_TYPE_CLASS = struct.Struct("!HH")
_OPCODE = 0x7800


class Malformed(Exception):
    """No DNS message, or one that breaks off."""


class Query(NamedTuple):
    """A question that was asked. `question` is as the client wrote it, `name` in lower case."""

    identity: int
    flags: int
    question: bytes
    name: bytes
    kind: int
    size: int
    edns: bool

    @property
    def key(self) -> bytes:
        """What the question asks for, whatever its letters' case."""
        return self.name + self.question[-4:]


class Record(NamedTuple):
    """A resource record of a message, and where its time to live stands."""

    owner: bytes
    kind: int
    ttl: int
    data_at: int
    end: int
    ttl_at: int


def encode_name(text: str) -> bytes:
    """A name in wire form, in lower case; ValueError when a label or the name is too long."""
    labels = [label.encode() for label in text.lower().rstrip(".").split(".") if label]
    if any(len(label) > 63 for label in labels):
        raise ValueError(f"{text}: a label has more than 63 bytes")
    found = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(found) > 255:
        raise ValueError(f"{text}: more than 255 bytes")
    return found


def parents(name: bytes) -> Iterator[bytes]:
    """The names above a name in wire form, nearest first, without the root."""
    while len(name := name[name[0] + 1 :]) > 1:
        yield name


def address_data(ip: str) -> tuple[int, bytes]:
    """(type, data) of an address record."""
    packed = ip_address(ip).packed
    return (A if len(packed) == 4 else AAAA), packed


def reverse_name(ip: str) -> str:
    """Where the PTR record of an address stands."""
    return ip_address(ip).reverse_pointer


def srv_data(port: int, target: str, weight: int = 1) -> bytes:
    return struct.pack("!HHH", 0, weight, port) + encode_name(target)


def record(owner: bytes, kind: int, ttl: int, data: bytes) -> bytes:
    """A resource record; `owner` is a name in wire form or `HERE`."""
    return owner + _RECORD.pack(kind, IN, ttl, len(data)) + data


def option_record(rcode_high: int = 0) -> bytes:
    """The OPT record of an answer."""
    return b"\0" + struct.pack("!HHBBHH", OPT, EDNS_SIZE, rcode_high, 0, 0, 0)


def header(flags: int, answers: int = 0, authority: int = 0) -> bytes:
    """The header of an answer without its identity."""
    return struct.pack("!5H", flags, 1, answers, authority, 0)


def question(name: bytes, kind: int) -> bytes:
    return name + _TYPE_CLASS.pack(kind, IN)


def parse_query(data: bytes) -> Query:
    """The question of a message. Raises Malformed for what is no query with one question."""
    try:
        identity, flags, questions, answers, authority, additional = _HEADER.unpack_from(data)
        if flags & (RESPONSE | _OPCODE) or (questions, answers, authority) != (1, 0, 0):
            raise Malformed("not a plain query")
        end = _end_of_name(data, 12)
        kind, _ = _TYPE_CLASS.unpack_from(data, end)
        size = _edns_size(data, end + 4, additional)
    except (struct.error, IndexError) as broken:
        raise Malformed("breaks off") from broken
    asked = data[12 : end + 4]
    limit = PLAIN_SIZE if size is None else min(max(size, PLAIN_SIZE), EDNS_SIZE)
    return Query(identity, flags, asked, asked[:-4].lower(), kind, limit, size is not None)


def _end_of_name(data: bytes, at: int) -> int:
    """Behind an uncompressed name, as questions have it."""
    start = at
    while length := data[at]:
        if length > 63:
            raise Malformed("a compressed name in a question")
        at += length + 1
        if at - start > 254:
            raise Malformed("a name of more than 255 bytes")
    return at + 1


def _edns_size(data: bytes, at: int, additional: int) -> int | None:
    for _ in range(additional):
        end = _end_of_name(data, at)
        kind, size, _, length = _RECORD.unpack_from(data, end)
        if kind == OPT:
            return int(size)
        at = end + 10 + length
    return None


def records(data: bytes, at: int, count: int) -> Iterator[Record]:
    """The records of a message from an offset on. Raises Malformed."""
    try:
        for _ in range(count):
            owner, end = read_name(data, at)
            kind, _, ttl, length = _RECORD.unpack_from(data, end)
            at = end + 10 + length
            if at > len(data):
                raise Malformed("breaks off")
            yield Record(owner, kind, ttl, end + 10, at, end + 4)
    except (struct.error, IndexError) as broken:
        raise Malformed("breaks off") from broken


def read_name(data: bytes, at: int) -> tuple[bytes, int]:
    """A name, with compression undone and in lower case, and the offset behind it."""
    labels, end, jumps = [], 0, 0
    while length := data[at]:
        if length >= 0xC0:
            end = end or at + 2
            at = (length & 0x3F) << 8 | data[at + 1]
            jumps += 1
            if jumps > 64:
                raise Malformed("a name that never ends")
            continue
        labels.append(data[at : at + length + 1])
        at += length + 1
    return b"".join(labels).lower() + b"\0", end or at + 1


def counts(data: bytes) -> tuple[int, int, int]:
    """How many answer, authority and additional records a message announces."""
    _, _, _, answers, authority, additional = _HEADER.unpack_from(data)
    return answers, authority, additional
