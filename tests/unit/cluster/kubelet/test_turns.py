"""Who waits for whom."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from proa.cluster.kubelet.turns import Turns


class Line:
    """Work that waits for turns and notes its name when it has one."""

    def __init__(self, number: int) -> None:
        self.turns = Turns(number)
        self.done: list[str] = []
        self.open = asyncio.Event()

    async def work(self, name: str, *, finishing: bool = False) -> None:
        async with self.turns.take(finishing=finishing):
            self.done.append(name)
            await self.open.wait()

    async def begin(self, *names: str) -> list[asyncio.Task[None]]:
        """Start work; what is written in capitals finishes something."""
        tasks = [asyncio.create_task(self.work(name, finishing=name.isupper())) for name in names]
        await asyncio.sleep(0)
        return tasks


async def test_only_so_many_at_once() -> None:
    line = Line(2)
    tasks = await line.begin("a", "b", "c")
    assert line.done == ["a", "b"]
    line.open.set()
    await asyncio.gather(*tasks)
    assert line.done == ["a", "b", "c"]


async def test_what_was_begun_is_finished_first_and_else_in_order() -> None:
    line = Line(1)
    tasks = await line.begin("a", "b", "c", "X", "Y")
    line.open.set()
    await asyncio.gather(*tasks)
    assert line.done == ["a", "X", "Y", "b", "c"]


async def test_who_goes_while_waiting_loses_nobody_a_turn() -> None:
    line = Line(1)
    first, gone, late = await line.begin("a", "b", "c")
    gone.cancel()
    await asyncio.wait([gone])
    line.open.set()
    await asyncio.gather(first, late)
    assert line.done == ["a", "c"]


async def test_who_goes_just_when_the_turn_comes_passes_it_on() -> None:
    line = Line(1)
    first, gone, late = await line.begin("a", "b", "c")
    line.open.set()
    await first  # its end has given the turn to b, which has not run yet
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone
    await late
    assert line.done[-1] == "c"
