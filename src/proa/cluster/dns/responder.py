"""From a question's bytes to an answer's bytes: at once when it is known, else by asking around."""

from __future__ import annotations

import struct
from collections import Counter
from random import random

from proa.cluster.dns import wire
from proa.cluster.dns.cache import Stored
from proa.cluster.dns.forwarder import Forwarder, NoAnswer
from proa.cluster.dns.zone import TTL, Alias, Answer, Zone

_FLAGS = wire.RESPONSE | wire.RECURSION_DESIRED | wire.RECURSION_AVAILABLE
_PLAIN = {b"\x01\x00" + wire.ONE_QUESTION, b"\x01\x20" + wire.ONE_QUESTION}
"""What stands behind the identity of nearly every query: recursion desired, perhaps AD."""


class Responder:
    """Answers from the zone, then from the cache, then from resolvers."""

    def __init__(self, zone: Zone, forwarder: Forwarder) -> None:
        self.synced = False
        """Whether the zone is complete: before that, nothing may be called absent."""
        self.rcodes: Counter[int] = Counter()
        self.kinds: Counter[int] = Counter()
        self._zone = zone
        self._answers = zone.answers
        self._forwarder = forwarder

    def quick(self, data: bytes) -> bytes | None:
        """The answer to a plain question that the zone alone answers, if it fits into a datagram."""
        if data[2:12] not in _PLAIN:
            return None
        question = data[12:]
        answer = self._answers.get(question)
        if answer is None:
            lowered = question.lower()
            answer = self._answers.get(lowered) or (self._zone.missing(lowered[:-4]) if self.synced else None)
        if answer is None or len(data) + len(answer.body) > wire.PLAIN_SIZE:
            return None
        self.rcodes[answer.head[1] & 0x0F] += 1
        self.kinds[question[-3]] += 1
        return data[:2] + answer.head + question + self._turned(answer)

    def known(self, query: wire.Query, limit: int) -> bytes | None:
        """The answer of at most `limit` bytes that needs nobody else; None when somebody must be asked."""
        found = self._zone.find(query.name, query.kind)
        if isinstance(found, Answer):
            if found.rcode == wire.NXDOMAIN and not self.synced:
                return self.refusal(query, wire.SERVFAIL)
            return self._message(query, found, limit)
        if found is None and (stored := self._forwarder.cached(query.key)):
            return self._message(query, self._aged(stored), limit)
        return None

    async def asked(self, query: wire.Query, limit: int) -> bytes:
        """The answer for which others are asked; in the end perhaps that there is none."""
        found = self._zone.find(query.name, query.kind)
        try:
            if isinstance(found, Alias):
                return self._message(query, await self._follow(found.target, query.kind), limit)
            return self._message(query, self._aged(await self._forwarder.resolve(query.question)), limit)
        except NoAnswer:
            return self.refusal(query, wire.SERVFAIL)

    def refusal(self, query: wire.Query, rcode: int) -> bytes:
        """An answer that says no more than its code."""
        return self._message(query, Answer(wire.header(_FLAGS | rcode), b""), wire.PLAIN_SIZE)

    def malformed(self, data: bytes) -> bytes | None:
        """The answer to what is no plain query; None to what is no query at all."""
        if len(data) < 12 or data[2] & 0x80:
            return None
        rcode = wire.NOTIMP if data[2] & 0x78 else wire.FORMERR
        self.rcodes[rcode] += 1
        return data[:2] + (_FLAGS | rcode).to_bytes(2, "big") + bytes(8)

    def _message(self, query: wire.Query, answer: Answer, limit: int) -> bytes:
        """The parts in order, cut to what fits, in the client's words."""
        self.rcodes[answer.rcode] += 1
        self.kinds[query.kind] += 1
        option = wire.option_record() if query.edns else b""
        flags, _, answers, authority, _ = struct.unpack("!5H", answer.head)
        body = self._turned(answer)
        room = limit - 12 - len(query.question) - len(option)
        if len(body) > room:
            answers, authority = room // answer.unit if answer.unit else 0, 0
            flags, body = flags | wire.TRUNCATED, body[: answers * answer.unit]
        if not query.flags & wire.RECURSION_DESIRED:
            flags &= ~wire.RECURSION_DESIRED
        head = struct.pack("!6H", query.identity, flags, 1, answers, authority, query.edns)
        return b"".join((head, query.question, body, option))

    @staticmethod
    def _turned(answer: Answer) -> bytes:
        """The records, any of them in front: in turn would be in step with who asks for A and AAAA."""
        body, unit = answer.body, answer.unit
        if unit and len(body) > unit:
            cut = int(random() * (len(body) // unit)) * unit
            return body[cut:] + body[:cut]
        return body

    def _aged(self, stored: Stored) -> Answer:
        return Answer(stored.head, stored.aged(self._forwarder.now()))

    async def _follow(self, target: bytes, kind: int) -> Answer:
        """An alias, with what stands behind it."""
        found = [wire.record(wire.HERE, wire.CNAME, TTL, target)]
        seen = {target}
        while isinstance(behind := self._zone.find(target, kind), Alias):
            found.append(wire.record(target, wire.CNAME, TTL, behind.target))
            target = behind.target
            if target in seen:
                return Answer(wire.header(_FLAGS | wire.SERVFAIL), b"")
            seen.add(target)
        if isinstance(behind, Answer):
            rcode, more = behind.rcode, _owned(behind, target)
        else:
            question = wire.question(target, kind)
            stored = await self._forwarder.resolve(question)
            rcode, more = stored.head[1] & 0x0F, _unpacked(question, self._aged(stored))
        return Answer(wire.header(_FLAGS | rcode, answers=len(found) + len(more)), b"".join((*found, *more)))


def _owned(answer: Answer, owner: bytes) -> list[bytes]:
    """The records of an answer, which point at the question, as records of a name."""
    if answer.rcode or not answer.unit:
        return []
    body, unit = answer.body, answer.unit
    return [owner + body[at + len(wire.HERE) : at + unit] for at in range(0, len(body), unit)]


def _unpacked(question: bytes, answer: Answer) -> list[bytes]:
    """The answer records of a message without compression, which holds at its offsets only."""
    message = b"\0\0" + answer.head + question + answer.body
    count, _, _ = wire.counts(message)
    found = []
    for record in wire.records(message, 12 + len(question), count):
        data = message[record.data_at : record.end]
        if record.kind == wire.CNAME:
            data, _ = wire.read_name(message, record.data_at)
        elif record.kind not in (wire.A, wire.AAAA, wire.TXT):
            continue
        found.append(wire.record(record.owner, record.kind, record.ttl, data))
    return found
