"""Questions for others: forwarded, kept, aged, followed. The upstream is a script behind real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, SOA, A, DNSRecord

from proa.cluster.dns.cache import Cache, digest
from proa.cluster.dns.clients import Clients
from proa.cluster.dns.forwarder import Forwarder
from proa.cluster.dns.listeners import DatagramListener, StreamListener
from proa.cluster.dns.records import records
from proa.cluster.dns.resolvers import upstreams
from proa.cluster.dns.responder import Responder
from proa.cluster.dns.sockets import bind
from proa.cluster.dns.wire import Malformed, parse_query, question
from proa.cluster.dns.zone import Zone
from support.service_objects import service

Script = Callable[[DNSRecord], DNSRecord | None]


class Upstream(asyncio.DatagramProtocol):
    """Answers by UDP as the script says, by TCP with everything."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str] = []
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        if answer := self.answer(data):
            self.transport.sendto(answer, peer)

    def answer(self, data: bytes) -> bytes | None:
        query = DNSRecord.parse(data)
        self.asked.append(str(query.q.qname))
        reply = self.script(query)
        return bytes(reply.pack()) if reply else None

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        answer = self.answer(await reader.readexactly(size)) or b""
        answer = answer[:2] + bytes([answer[2] & ~2]) + answer[3:]
        writer.write(len(answer).to_bytes(2, "big") + answer)
        writer.close()


@asynccontextmanager
async def upstream(script: Script) -> AsyncIterator[Upstream]:
    made = Upstream(script)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, ("127.0.0.1", 0))
    made.port = transport.get_extra_info("sockname")[1]
    server = await asyncio.start_server(made.talk, "127.0.0.1", made.port)
    try:
        yield made
    finally:
        transport.close()
        server.close()


def address(query: DNSRecord, ttl: int = 60) -> DNSRecord:
    reply = query.reply()
    reply.add_answer(RR(query.q.qname, QTYPE.A, rdata=A("192.0.2.7"), ttl=ttl))
    return reply


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Asker:
    """A responder in front of an upstream."""

    def __init__(self, port: int, servers: tuple[str, ...] = ("127.0.0.1",)) -> None:
        self.clock = Clock()
        self.zone = Zone("cluster.local", ["10.43.0.10"])
        self.forwarder = Forwarder(lambda: servers, port=port, patience=0.2, clock=self.clock)
        self.responder = Responder(self.zone, self.forwarder)

    async def ask(self, name: str, kind: str = "A") -> DNSRecord:
        query = parse_query(bytes(DNSRecord.question(name, kind).pack()))
        answer = self.responder.known(query, 512) or await self.responder.asked(query, 512)
        return DNSRecord.parse(answer)


async def test_an_answer_is_kept_and_ages() -> None:
    async with upstream(address) as server:
        asker = Asker(server.port)
        first = await asker.ask("Example.ORG")
        assert (str(first.rr[0].rdata), first.rr[0].ttl, str(first.q.qname)) == (
            "192.0.2.7",
            60,
            "Example.ORG.",
        )
        asker.clock.now += 25
        assert (await asker.ask("example.org")).rr[0].ttl == 35
        assert len(server.asked) == 1
        asker.clock.now += 36
        assert (await asker.ask("example.org")).rr[0].ttl == 60
        assert len(server.asked) == 2


async def test_an_absence_is_kept_for_its_time() -> None:
    def absent(query: DNSRecord) -> DNSRecord:
        reply = query.reply()
        reply.header.rcode = RCODE.NXDOMAIN
        reply.add_auth(RR("org", QTYPE.SOA, ttl=900, rdata=SOA("a.org", "b.org", (1, 2, 3, 4, 10))))
        return reply

    async with upstream(absent) as server:
        asker = Asker(server.port)
        for wait, asked in ((0, 1), (9, 1), (2, 2)):
            asker.clock.now += wait
            assert (await asker.ask("nope.org")).header.rcode == RCODE.NXDOMAIN
            assert len(server.asked) == asked


async def test_the_same_question_at_once_is_asked_once() -> None:
    async with upstream(address) as server:
        asker = Asker(server.port)
        answers = await asyncio.gather(*(asker.ask("example.org") for _ in range(20)))
        assert {str(answer.rr[0].rdata) for answer in answers} == {"192.0.2.7"}
        assert len(server.asked) == 1


async def test_the_next_resolver_is_asked_and_failure_is_said() -> None:
    async with upstream(address) as server:
        asker = Asker(server.port, ("127.0.0.2", "127.0.0.1"))
        assert (await asker.ask("example.org")).rr
    assert (await Asker(1, ()).ask("example.org")).header.rcode == RCODE.SERVFAIL
    async with upstream(lambda _: None) as silent:
        asker = Asker(silent.port)
        assert (await asker.ask("example.org")).header.rcode == RCODE.SERVFAIL
        assert len(silent.asked) == 2
        assert len(asker.forwarder.cache) == 0


async def test_a_cut_answer_is_fetched_by_tcp() -> None:
    def cut(query: DNSRecord) -> DNSRecord:
        reply = address(query)
        reply.header.tc = 1
        return reply

    async with upstream(cut) as server:
        answer = await Asker(server.port).ask("example.org")
        assert (answer.header.tc, len(answer.rr), len(server.asked)) == (0, 1, 2)


async def test_an_external_name_is_followed_with_compression_undone() -> None:
    def chain(query: DNSRecord) -> DNSRecord:
        reply = query.reply()
        reply.add_answer(RR(query.q.qname, QTYPE.CNAME, rdata=CNAME("www.db.example.org"), ttl=60))
        reply.add_answer(RR("www.db.example.org", QTYPE.AAAA, rdata=AAAA("2001:db8::1"), ttl=60))
        return reply

    external = service("out", type="ExternalName", ip="", externalName="db.example.org")
    async with upstream(chain) as server:
        asker = Asker(server.port)
        asker.zone.update("d/out", records(external, [], "cluster.local"))
        answer = await asker.ask("out.d.svc.cluster.local", "AAAA")
    assert [(str(r.rname), str(r.rdata)) for r in answer.rr] == [
        ("out.d.svc.cluster.local.", "db.example.org."),
        ("db.example.org.", "www.db.example.org."),
        ("www.db.example.org.", "2001:db8::1"),
    ]


async def test_an_external_name_may_lead_back_into_the_cluster_but_not_in_circles() -> None:
    asker = Asker(1, ())
    inner = service("web", ip="10.43.0.50")
    outer = service("out", type="ExternalName", ip="", externalName="web.d.svc.cluster.local")
    circle = service("loop", type="ExternalName", ip="", externalName="loop.d.svc.cluster.local")
    for made in (inner, outer, circle):
        asker.zone.update(made["metadata"]["name"], records(made, [], "cluster.local"))
    answer = await asker.ask("out.d.svc.cluster.local")
    assert [str(record.rdata) for record in answer.rr] == ["web.d.svc.cluster.local.", "10.43.0.50"]
    assert (await asker.ask("loop.d.svc.cluster.local")).header.rcode == RCODE.SERVFAIL


def test_the_cache_has_a_size() -> None:
    cache = Cache(capacity=2)
    for name in (b"\1a\0", b"\1b\0", b"\1c\0"):
        asked = question(name, 1)
        query = DNSRecord.parse(b"\0\0\1\0\0\1\0\0\0\0\0\0" + asked)
        cache.put(asked, digest(bytes(address(query).pack()), asked, 0.0))
    assert (len(cache), cache.get(question(b"\1a\0", 1), 0.0)) == (2, None)


def test_an_answer_to_something_else_is_refused() -> None:
    reply = bytes(address(DNSRecord.question("other.org")).pack())
    with pytest.raises(Malformed):
        digest(reply, question(b"\7example\3org\0", 1), 0.0)


def test_own_addresses_are_no_upstreams(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("search a\nnameserver 10.43.0.10\nnameserver 192.0.2.1 # x\nnameserver bad\nnameserver\n")
    assert upstreams(file, {"10.43.0.10"}) == ("192.0.2.1",)
    assert upstreams(tmp_path / "absent", ()) == ()


def test_only_pods_nodes_and_this_host_are_answered() -> None:
    clients = Clients(["10.42.0.0/16", "fd42::/16"])
    assert not clients.allows("192.0.2.1")
    clients.set_nodes(["192.0.2.1"])
    allowed = ["192.0.2.1", "10.42.7.7", "fd42::1", "127.0.0.1", "::ffff:10.42.0.1"]
    assert [clients.allows(ip) for ip in (*allowed, "192.0.2.2", "2001:db8::1")] == [True] * 5 + [False] * 2


async def test_both_listeners_answer() -> None:
    async with upstream(address) as server:
        asker = Asker(server.port)
        asker.zone.update("d/web", records(service(), [], "cluster.local"))
        clients = Clients([])
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        bound = bind("127.0.0.1", port, {})
        datagrams = DatagramListener(asker.responder, clients, bound.datagrams)
        streams = StreamListener(asker.responder, clients, bound.streams)
        first = bytes(DNSRecord.question("web.d.svc.cluster.local").pack())
        early = asyncio.create_task(by_datagram(first, port))
        await asyncio.sleep(0)
        datagrams.start()
        await streams.start()
        try:
            for name, wanted in (("web.d.svc.cluster.local", "10.43.0.50"), ("example.org", "192.0.2.7")):
                query = bytes(DNSRecord.question(name).pack())
                for answer in (
                    await by_datagram(query, port),
                    await by_stream(query, port),
                ):
                    assert str(DNSRecord.parse(answer).rr[0].rdata) == wanted
            assert DNSRecord.parse(await early).header.rcode == RCODE.NOERROR, "it waited for the start"
            broken = query[:4] + b"\0\2" + query[6:]
            assert DNSRecord.parse(await by_datagram(broken, port)).header.rcode == RCODE.FORMERR
        finally:
            streams.close()
            datagrams.close()


class _Heard(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _: object) -> None:
        self.answer.set_result(data)


async def by_datagram(query: bytes, port: int) -> bytes:
    loop = asyncio.get_running_loop()
    transport, heard = await loop.create_datagram_endpoint(_Heard, remote_addr=("127.0.0.1", port))
    try:
        transport.sendto(query)
        async with asyncio.timeout(2):
            return await heard.answer
    finally:
        transport.close()


async def by_stream(query: bytes, port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(len(query).to_bytes(2, "big") + query)
    async with asyncio.timeout(2):
        size = int.from_bytes(await reader.readexactly(2), "big")
        answer = await reader.readexactly(size)
    writer.close()
    return answer
