"""Answers of the zone, read back by an independent decoder."""

from __future__ import annotations

from typing import Any

import pytest
from dnslib import EDNS0, QTYPE, DNSRecord

from proa.cluster.dns.forwarder import Forwarder
from proa.cluster.dns.records import records
from proa.cluster.dns.responder import Responder
from proa.cluster.dns.wire import Malformed, parse_query, reverse_name
from proa.cluster.dns.zone import Zone
from proa.kube import Object
from support.service_objects import endpoint, kept_slice, service

DOMAIN = "cluster.local"
SERVERS = ("10.43.0.10", "fd43::a")


def packed(message: DNSRecord) -> bytes:
    return bytes(message.pack())


def query_for(name: str, kind: str = "A") -> bytes:
    return packed(DNSRecord.question(name, kind))


class Names:
    """A zone of some Services, and questions to it."""

    def __init__(self, *services: tuple[Object, list[Object]]) -> None:
        self.zone = Zone(DOMAIN, SERVERS)
        self.responder = Responder(self.zone, Forwarder(lambda: ()))
        self.responder.synced = True
        for made, slices in services:
            self.zone.update(made["metadata"]["name"], records(made, slices, DOMAIN))

    def ask(self, name: str, kind: str = "A", **more: Any) -> DNSRecord:
        data = query_for(name, kind)
        quick = self.responder.quick(data)
        slow = self.responder.known(parse_query(data), more.get("limit", 512))
        assert slow is not None
        if quick is not None:
            assert sorted(map(str, DNSRecord.parse(quick).rr)) == sorted(map(str, DNSRecord.parse(slow).rr))
        return DNSRecord.parse(slow)

    def answers(self, name: str, kind: str = "A") -> list[str]:
        found = self.ask(name, kind)
        assert found.header.rcode == 0
        return sorted(str(record.rdata) for record in found.rr)


WEB = service(
    ips=["10.43.0.50", "fd43::50"],
    ports=[{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}, {"port": 9}],
)
HEADLESS = service("db", ip="None", ports=[{"name": "sql", "port": 3306}])
MEMBERS = kept_slice(
    [
        endpoint("10.42.1.1") | {"hostname": "db-0"},
        endpoint("10.42.1.2"),
        endpoint("10.42.1.3", ready=False),
    ],
    service_name="db",
    ports=[{"name": "sql", "port": 3306}],
)
MEMBERS_OF_SIX = kept_slice(
    [endpoint("fd42::11") | {"hostname": "db-0"}, endpoint("fd42::12")],
    service_name="db",
    kind="IPv6",
    ports=[{"name": "sql", "port": 3306}],
)
EXTERNAL = service("out", type="ExternalName", ip="", externalName="db.example.org")


@pytest.fixture
def names() -> Names:
    return Names((WEB, []), (HEADLESS, [MEMBERS, MEMBERS_OF_SIX]), (EXTERNAL, []))


CASES = {
    "cluster address": ("web.d.svc.cluster.local", "A", ["10.43.0.50"]),
    "cluster address of IPv6": ("web.d.svc.cluster.local", "AAAA", ["fd43::50"]),
    "any case of letters": ("WeB.d.SVC.Cluster.LOCAL", "A", ["10.43.0.50"]),
    "named port": ("_http._tcp.web.d.svc.cluster.local", "SRV", ["0 1 80 web.d.svc.cluster.local."]),
    "named UDP port": ("_dns._udp.web.d.svc.cluster.local", "SRV", ["0 1 53 web.d.svc.cluster.local."]),
    "reverse": ("50.0.43.10.in-addr.arpa", "PTR", ["web.d.svc.cluster.local."]),
    "headless: ready endpoints": ("db.d.svc.cluster.local", "A", ["10.42.1.1", "10.42.1.2"]),
    "headless: by hostname": ("db-0.db.d.svc.cluster.local", "A", ["10.42.1.1"]),
    "headless: by dashed address": ("10-42-1-2.db.d.svc.cluster.local", "A", ["10.42.1.2"]),
    "headless: named port": (
        "_sql._tcp.db.d.svc.cluster.local",
        "SRV",
        [
            "0 1 3306 10-42-1-2.db.d.svc.cluster.local.",
            "0 1 3306 db-0.db.d.svc.cluster.local.",
            "0 1 3306 fd42--12.db.d.svc.cluster.local.",
        ],
    ),
    "headless: IPv6": ("db.d.svc.cluster.local", "AAAA", ["fd42::11", "fd42::12"]),
    "headless: IPv6 by hostname": ("db-0.db.d.svc.cluster.local", "AAAA", ["fd42::11"]),
    "headless: IPv6 by dashed address": ("fd42--12.db.d.svc.cluster.local", "AAAA", ["fd42::12"]),
    "headless: reverse of IPv6": (reverse_name("fd42::12"), "PTR", ["fd42--12.db.d.svc.cluster.local."]),
    "headless: reverse": ("1.1.42.10.in-addr.arpa", "PTR", ["db-0.db.d.svc.cluster.local."]),
    "pod": ("10-1-2-3.d.pod.cluster.local", "A", ["10.1.2.3"]),
    "pod of IPv6": ("fd42--3.d.pod.cluster.local", "AAAA", ["fd42::3"]),
    "version": ("dns-version.cluster.local", "TXT", ['"1.1.0"']),
    "alias itself": ("out.d.svc.cluster.local", "CNAME", ["db.example.org."]),
    "other type of a name that exists": ("10-42-1-2.db.d.svc.cluster.local", "AAAA", []),
    "reverse of IPv6": (reverse_name("fd43::50"), "PTR", ["web.d.svc.cluster.local."]),
    "the server itself": ("ns.dns.cluster.local", "AAAA", ["fd43::a"]),
    "name between names": ("d.svc.cluster.local", "A", []),
    "other type of a pod": ("10-1-2-3.d.pod.cluster.local", "AAAA", []),
}


def test_any_record_may_be_in_front_whatever_was_asked_between(names: Names) -> None:
    wanted = {"A": ["10.42.1.1", "10.42.1.2"], "AAAA": ["fd42::11", "fd42::12"]}
    fronts: dict[str, set[str]] = {"A": set(), "AAAA": set()}
    for _ in range(60):
        for kind, addresses in wanted.items():
            found = [str(record.rdata) for record in names.ask("db.d.svc.cluster.local", kind).rr]
            assert sorted(found) == addresses
            fronts[kind].add(found[0])
    assert fronts == {kind: set(each) for kind, each in wanted.items()}


@pytest.mark.parametrize("case", CASES)
def test_answers(names: Names, case: str) -> None:
    name, kind, wanted = CASES[case]
    assert names.answers(name, kind) == wanted


@pytest.mark.parametrize(
    "name",
    ["nope.d.svc.cluster.local", "www.example.org.svc.cluster.local", "x.web.d.svc.cluster.local",
     "a.d.pod.cluster.local", "1.10-1-2-3.d.pod.cluster.local"],
)  # fmt: skip
def test_absent_names_are_absent_with_authority(names: Names, name: str) -> None:
    found = names.ask(name)
    assert found.header.rcode == 3
    assert [QTYPE[record.rtype] for record in found.auth] == ["SOA"]


def test_names_of_others_are_not_ours(names: Names) -> None:
    for name in ("example.org", "local", "9.9.9.9.in-addr.arpa"):
        query = query_for(name)
        assert names.responder.quick(query) is None
        assert names.responder.known(parse_query(query), 512) is None


def test_what_goes_leaves_nothing_behind(names: Names) -> None:
    for key in ("web", "db", "out"):
        names.zone.update(key, {})
    fresh = Zone(DOMAIN, SERVERS)
    for attribute in ("answers", "_below", "_owners", "_aliases", "_services"):
        assert getattr(names.zone, attribute) == getattr(fresh, attribute), attribute


def test_an_address_of_two_services_has_both_names() -> None:
    other = service("db2", ip="None")
    names = Names((HEADLESS, [MEMBERS]), (other, [kept_slice([endpoint("10.42.1.2")])]))
    both = ["10-42-1-2.db.d.svc.cluster.local.", "10-42-1-2.db2.d.svc.cluster.local."]
    assert names.answers("2.1.42.10.in-addr.arpa", "PTR") == both
    names.zone.update("db", {})
    assert names.answers("2.1.42.10.in-addr.arpa", "PTR") == both[1:]


def test_nothing_is_called_absent_before_all_is_known(names: Names) -> None:
    names.responder.synced = False
    query = query_for("nope.d.svc.cluster.local")
    assert names.responder.quick(query) is None
    assert DNSRecord.parse(names.responder.known(parse_query(query), 512) or b"").header.rcode == 2


def test_long_answers_are_cut_and_say_so() -> None:
    many = kept_slice([endpoint(f"10.42.1.{n}") for n in range(100)], service_name="db")
    names = Names((HEADLESS, [many]))
    cut = names.ask("db.d.svc.cluster.local")
    assert cut.header.tc
    assert 0 < len(cut.rr) < 100
    assert len(cut.pack()) <= 512
    assert len(names.ask("db.d.svc.cluster.local", limit=65535).rr) == 100


def test_quick_answers_put_any_address_in_front(names: Names) -> None:
    query = query_for("db.d.svc.cluster.local")
    first = {str(DNSRecord.parse(names.responder.quick(query) or b"").rr[0].rdata) for _ in range(4)}
    assert first == {"10.42.1.1", "10.42.1.2"}


def test_edns_is_answered_in_kind(names: Names) -> None:
    query = DNSRecord.question("web.d.svc.cluster.local")
    query.add_ar(EDNS0(udp_len=4096))
    data = packed(query)
    parsed = parse_query(data)
    assert (parsed.size, parsed.edns) == (1232, True)
    found = DNSRecord.parse(names.responder.known(parsed, parsed.size) or b"")
    assert [QTYPE[record.rtype] for record in found.ar] == ["OPT"]


def test_recursion_is_granted_only_when_desired(names: Names) -> None:
    query = DNSRecord.question("web.d.svc.cluster.local")
    query.header.rd = 0
    found = DNSRecord.parse(names.responder.known(parse_query(packed(query)), 512) or b"")
    assert (found.header.rd, found.header.ra, found.header.aa) == (0, 1, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 11,
        query_for("a.b")[:-3],
        packed(DNSRecord.question("a.b").reply()),
        b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
        b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\x01a" * 130 + b"\0\0\1\0\1",
    ],
    ids=["empty", "short", "cut off", "an answer", "a compressed name", "a name too long"],
)
def test_what_is_no_question_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_query(data)
