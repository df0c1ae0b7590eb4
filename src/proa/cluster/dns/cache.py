"""Answers of others, kept for as long as their times to live allow. Source: RFC 1035, RFC 2308."""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import NamedTuple

from proa.cluster.dns import wire

CAPACITY = 10_000
LONGEST, LONGEST_ABSENCE = 3600, 30
"""Seconds that an answer, and an absence, is kept at most."""
_TTL = struct.Struct("!I")


class Stored(NamedTuple):
    """A message behind its question, with the offsets in it where times to live stand."""

    head: bytes
    body: bytes
    ttls: tuple[tuple[int, int], ...]
    lifetime: int
    stored: float

    def aged(self, now: float) -> bytes:
        """The body with the times to live that are left."""
        age = int(now - self.stored)
        if not age:
            return self.body
        body = bytearray(self.body)
        for at, ttl in self.ttls:
            _TTL.pack_into(body, at, max(ttl - age, 0))
        return bytes(body)


def digest(message: bytes, question: bytes, now: float) -> Stored:
    """What to keep of an upstream's answer: additional records are left out. Raises wire.Malformed."""
    if len(message) < 12 or message[12 : 12 + len(question)].lower() != question.lower():
        raise wire.Malformed("an answer to something else")
    answers, authority, _ = wire.counts(message)
    start = 12 + len(question)
    found = list(wire.records(message, start, answers + authority))
    flags = int.from_bytes(message[2:4], "big") & ~wire.AUTHORITATIVE | wire.RECURSION_AVAILABLE
    ttls = tuple((record.ttl_at - start, record.ttl) for record in found)
    lifetime = _lifetime(message, found, answers)
    end = found[-1].end if found else start
    return Stored(wire.header(flags, answers, authority), message[start:end], ttls, lifetime, now)


def _lifetime(message: bytes, found: list[wire.Record], answers: int) -> int:
    rcode = message[3] & 0x0F
    if rcode not in (wire.NOERROR, wire.NXDOMAIN):
        return 0
    if answers and rcode == wire.NOERROR:
        return min(LONGEST, *(record.ttl for record in found[:answers]))
    for record in found:
        if record.kind == wire.SOA:
            minimum = _TTL.unpack_from(message, record.end - 4)[0]
            return int(min(LONGEST_ABSENCE, record.ttl, minimum))
    return 0


class Cache:
    """Stored answers by question in lower case; the longest unused goes when there are too many."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._stored: OrderedDict[bytes, Stored] = OrderedDict()

    def __len__(self) -> int:
        return len(self._stored)

    def get(self, key: bytes, now: float) -> Stored | None:
        """An answer whose time is not over."""
        stored = self._stored.get(key)
        if stored is None:
            return None
        if now - stored.stored >= stored.lifetime:
            del self._stored[key]
            return None
        self._stored.move_to_end(key)
        return stored

    def put(self, key: bytes, stored: Stored) -> None:
        """Keep an answer, if it may be kept at all."""
        if stored.lifetime <= 0:
            return
        self._stored[key] = stored
        self._stored.move_to_end(key)
        while len(self._stored) > self._capacity:
            self._stored.popitem(last=False)
