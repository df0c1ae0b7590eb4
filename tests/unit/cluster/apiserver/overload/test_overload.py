"""Limits, fair turns and time limits."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

import aiohttp
import pytest

from proa.cluster.apiserver.http import connection
from proa.cluster.apiserver.overload import Inflight, Limits, Turns
from proa.cluster.apiserver.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, GROUP
from proa.errors import TooManyRequests
from proa.kube import Object, Resource
from support.server import api_server, session


async def test_a_flood_does_not_delay_who_asks_little() -> None:
    turns, order = Turns(per_round=2), list[str]()

    async def ask(user: str) -> None:
        if not turns.take(user):
            await turns.wait(user)
        order.append(user)

    flood = [asyncio.create_task(ask("flood")) for _ in range(40)]
    await asyncio.sleep(0)
    await ask("other")
    await asyncio.gather(*flood)

    assert order.index("other") <= 4
    assert len(order) == 41


async def test_those_who_wait_keep_their_order() -> None:
    turns, order = Turns(per_round=1), list[int]()

    async def ask(number: int) -> None:
        if not turns.take("a"):
            await turns.wait("a")
        order.append(number)

    await asyncio.gather(*(ask(number) for number in range(10)))

    assert order == list(range(10))


async def test_who_left_uses_up_no_turn() -> None:
    turns = Turns(per_round=1)
    assert turns.take("a")
    gone, stays = asyncio.create_task(turns.wait("a")), asyncio.create_task(turns.wait("a"))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(1):
        await stays


async def test_a_full_house_refuses_who_holds_most_of_it_only() -> None:
    inflight = Inflight(Limits(reads=4, writes=2))
    for _ in range(4):
        inflight.enter("flood", writes=False, exempt=False)

    with pytest.raises(TooManyRequests):
        inflight.enter("flood", writes=False, exempt=False)
    seat = inflight.enter("other", writes=False, exempt=False)
    inflight.enter("flood", writes=True, exempt=False)
    inflight.enter("flood", writes=False, exempt=True)
    inflight.leave(seat)
    inflight.leave(seat)

    assert inflight.counts == {"readOnly": 5, "mutating": 1}


async def test_no_limit_is_none() -> None:
    inflight = Inflight(Limits(reads=0, writes=0))
    for _ in range(1000):
        inflight.enter("a", writes=True, exempt=False)
    assert inflight.counts["mutating"] == 1000


async def test_what_takes_too_long_is_ended() -> None:
    inflight = Inflight(Limits(seconds=60))
    begun = asyncio.Event()

    async def slow() -> bool:
        seat = inflight.enter("a", writes=False, exempt=False)
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return seat.expired
        return False

    task = asyncio.create_task(slow())
    await begun.wait()
    inflight.sweep(time.monotonic() + 59)
    await asyncio.sleep(0)
    assert not task.done()
    inflight.sweep(time.monotonic() + 61)

    assert await task


async def test_a_connection_that_sends_no_request_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.05)
    async with api_server(tmp_path) as server:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_a_connection_that_sends_half_a_second_request_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.1)
    async with api_server(tmp_path) as server:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
        async with asyncio.timeout(5):
            for _ in range(2):
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(2) == b"ok"
                await asyncio.sleep(0.15)  # nothing hurries a connection on which nothing comes
            writer.write(b"GET /healthz HTTP/1.1\r\nHo")
            assert await reader.read() == b""
        writer.close()


async def test_too_many_connections_are_closed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAXIMUM_CONNECTIONS", 0)
    async with api_server(tmp_path) as server, session(server, tmp_path) as client:
        with pytest.raises(aiohttp.ClientError):
            await client.get("/healthz")


async def test_a_request_that_hangs_gets_504_and_a_full_house_429(tmp_path: Path) -> None:
    async with api_server(tmp_path, limits=Limits(reads=1, writes=1, seconds=0.01)) as server:
        inflight = server._inflight

        async def hang(*_: object) -> None:
            await asyncio.Event().wait()

        server._actions.registry.list = hang  # type: ignore[method-assign,assignment]
        async with session(server, tmp_path, "a") as client:
            await server.client().create(*_reader_of_config_maps("a"))
            await server.client().create(*_binding_of("a"))
            first = asyncio.ensure_future(client.get("/api/v1/configmaps"))
            while not inflight.counts["readOnly"]:  # noqa: ASYNC110 - it gives no signal
                await asyncio.sleep(0.001)
            second = await client.get("/api/v1/configmaps")
            inflight.sweep(time.monotonic() + 1)
            late = await first
        assert (second.status, second.headers["Retry-After"]) == (429, "1")
        assert (late.status, (await late.json())["reason"]) == (504, "Timeout")


def _reader_of_config_maps(name: str) -> tuple[Resource, Object]:
    rule = {"verbs": ["list"], "apiGroups": [""], "resources": ["configmaps"]}
    return CLUSTER_ROLES, {"metadata": {"name": name}, "rules": [rule]}


def _binding_of(name: str) -> tuple[Resource, Object]:
    subject = {"kind": "User", "apiGroup": GROUP, "name": name}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
    return CLUSTER_ROLE_BINDINGS, {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
