"""Limits, fair turns and time limits, without a network."""

from __future__ import annotations

import asyncio
import time

import pytest

from proa.cluster.apiserver.overload import Inflight, Limits, Turns
from proa.errors import TooManyRequests


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
