"""All that the cluster's domain holds, as answers that only need an identity and the question before them.

Names are in wire form and lower case. An answer costs one look-up when it exists; what does not exist
is told from what exists without such a record by a count of the names below each name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from proa.cluster.dns import wire
from proa.cluster.dns.records import Records, undashed

TTL = 5
"""Seconds that clients may keep an answer, and an absence; upstream's default."""
VERSION = "1.1.0"
_FLAGS = wire.RESPONSE | wire.AUTHORITATIVE | wire.RECURSION_DESIRED | wire.RECURSION_AVAILABLE


class Answer(NamedTuple):
    """A message in two parts around the question, for a client that desired recursion.

    `unit` is the size of each record where all have one, else 0: any of such records can be at the
    front, and as many as fit can be sent.
    """

    head: bytes
    body: bytes
    unit: int = 0

    @property
    def rcode(self) -> int:
        return self.head[1] & 0x0F


class Alias(NamedTuple):
    """A name that stands for another, which is not ours."""

    target: bytes


class Zone:
    """The records of all Services under one domain."""

    def __init__(self, domain: str, addresses: Iterable[str]) -> None:
        self.answers: dict[bytes, Answer] = {}
        """By question in lower case."""
        self._domain = wire.encode_name(domain)
        self._pods = wire.encode_name(f"pod.{domain}")
        self._services: dict[str, dict[bytes, list[bytes]]] = {}
        self._names_of: dict[str, tuple[bytes, ...]] = {}
        self._owners: dict[bytes, list[str]] = {}
        self._below: dict[bytes, int] = {}
        self._aliases: dict[bytes, bytes] = {}
        self._nothing = _negative(wire.NOERROR, self._domain)
        self._nowhere = _negative(wire.NXDOMAIN, self._domain)
        self.update("", _own_records(domain, addresses))

    def update(self, key: str, records: Records) -> None:
        """Take the records of a Service in the place of those that it had; none removes it."""
        for question in self._services.pop(key, {}):
            self._release(question, key)
        for name in self._names_of.pop(key, ()):
            self._count(name, -1)
        if not records:
            return
        names = {wire.encode_name(text): by_kind for text, by_kind in records.items()}
        self._names_of[key] = tuple(names)
        self._services[key] = {
            wire.question(name, kind): data
            for name, by_kind in names.items()
            for kind, data in by_kind.items()
        }
        for name in names:
            self._count(name, 1)
        for question in self._services[key]:
            self._owners.setdefault(question, []).append(key)
            self._render(question)

    def covers(self, name: bytes) -> bool:
        """Whether nobody but us knows about a name."""
        return name.endswith(self._domain)

    def find(self, name: bytes, kind: int) -> Answer | Alias | None:
        """What there is to say about a name; None when it is not of this zone."""
        if answer := self.answers.get(wire.question(name, kind)):
            return answer
        if target := self._aliases.get(name):
            return Alias(target)
        if missing := self.missing(name):
            return missing
        return self._pod(name, kind) if name.endswith(self._pods) else None

    def missing(self, name: bytes) -> Answer | None:
        """What to say of a name when it has no records of the type that was asked for.

        None when the name is an alias, stands for a pod's address, or is not of this zone.
        """
        if name in self._below:
            return None if name in self._aliases else self._nothing
        if name.endswith(self._domain) and not name.endswith(self._pods):
            return self._nowhere
        return None

    def _pod(self, name: bytes, kind: int) -> Answer:
        """`a-b-c-d.NAMESPACE.pod.DOMAIN` is the address a.b.c.d, whether or not a pod has it."""
        above = list(wire.parents(name))
        depth = len(above) - len(list(wire.parents(self._pods)))
        if depth < 2:
            return self._nothing
        address = undashed(name[1 : 1 + name[0]].decode("ascii", "replace")) if depth == 2 else None
        if address is None:
            return self._nowhere
        found, data = wire.address_data(address)
        return _answer([wire.record(wire.HERE, kind, TTL, data)]) if kind == found else self._nothing

    def _release(self, question: bytes, key: str) -> None:
        owners = self._owners[question]
        owners.remove(key)
        if not owners:
            del self._owners[question]
        self._render(question)

    def _render(self, question: bytes) -> None:
        """Prepare the answer from all who have records there: the PTR of an address may be several's."""
        name, kind = question[:-4], int.from_bytes(question[-4:-2], "big")
        found = [data for key in self._owners.get(question, ()) for data in self._services[key][question]]
        if kind == wire.CNAME:
            self._aliases.pop(name, None)
            if found:
                self._aliases[name] = found[0]
        if found:
            unique = dict.fromkeys(found)
            self.answers[question] = _answer([wire.record(wire.HERE, kind, TTL, data) for data in unique])
        else:
            self.answers.pop(question, None)

    def _count(self, name: bytes, change: int) -> None:
        if not self.covers(name):
            return
        for each in (name, *wire.parents(name)):
            if len(each) < len(self._domain):
                break
            self._below[each] = self._below.get(each, 0) + change
            if not self._below[each]:
                del self._below[each]


def _answer(found: list[bytes]) -> Answer:
    sizes = {len(each) for each in found}
    unit = sizes.pop() if len(sizes) == 1 else 0
    return Answer(wire.header(_FLAGS, answers=len(found)), b"".join(found), unit)


def _negative(rcode: int, domain: bytes) -> Answer:
    authority = wire.record(domain, wire.SOA, TTL, _soa(domain))
    return Answer(wire.header(_FLAGS | rcode, authority=1), authority)


def _soa(domain: bytes) -> bytes:
    """Serial and times are of no use to anyone: there are no secondaries."""
    server, person = b"\x02ns\x03dns" + domain, b"\x0ahostmaster" + domain
    return server + person + b"".join(n.to_bytes(4, "big") for n in (1, 7200, 1800, 86400, TTL))


def _own_records(domain: str, addresses: Iterable[str]) -> Records:
    """What the domain has without any Service; its server has these addresses, one a family."""
    server = f"ns.dns.{domain}"
    return {
        domain: {wire.SOA: [_soa(wire.encode_name(domain))], wire.NS: [wire.encode_name(server)]},
        f"dns-version.{domain}": {wire.TXT: [bytes([len(VERSION)]) + VERSION.encode()]},
        f"svc.{domain}": {},
        f"pod.{domain}": {},
        server: {kind: [data] for kind, data in map(wire.address_data, addresses)},
    }
