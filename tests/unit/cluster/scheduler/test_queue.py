from __future__ import annotations

import asyncio

import pytest

from proa.cluster.scheduler.filters import Change
from proa.cluster.scheduler.pod import PodInfo, pod_info
from proa.cluster.scheduler.queue import SchedulingQueue
from support.objects import pod

ROOM = frozenset({Change.POD_GONE})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> SchedulingQueue:
    return SchedulingQueue(clock)


def info(name: str, priority: int = 0) -> PodInfo:
    return pod_info(pod(name, priority=priority))


async def take(queue: SchedulingQueue) -> PodInfo:
    async with asyncio.timeout(5):
        return await queue.pop()


async def is_empty(queue: SchedulingQueue) -> bool:
    waiting = asyncio.ensure_future(queue.pop())
    await asyncio.sleep(0)
    empty = not waiting.done()
    waiting.cancel()
    return empty


async def test_priority_then_age(queue: SchedulingQueue) -> None:
    for each in (info("old"), info("young"), info("urgent", priority=10)):
        queue.add(each)
    assert [(await take(queue)).key for _ in range(3)] == ["default/urgent", "default/old", "default/young"]


async def test_a_refused_pod_sleeps_until_a_helpful_change(queue: SchedulingQueue, clock: Clock) -> None:
    queue.add(info("p"))
    queue.refuse(await take(queue), ROOM)
    clock.now = 60.0
    queue.changed(Change.STORAGE)
    assert await is_empty(queue)
    queue.changed(Change.POD_GONE)
    assert (await take(queue)).key == "default/p"


async def test_a_change_within_the_back_off_is_not_lost(queue: SchedulingQueue) -> None:
    queue.add(info("p"))
    queue.refuse(await take(queue), ROOM)
    queue.changed(Change.POD_GONE)
    assert await is_empty(queue)
    assert (await take(queue)).key == "default/p"


async def test_a_new_state_of_the_pod_is_tried_at_once(queue: SchedulingQueue) -> None:
    queue.add(info("p"))
    queue.refuse(await take(queue), ROOM)
    queue.add(info("p"))
    assert (await take(queue)).key == "default/p"


async def test_removed_pods_do_not_come(queue: SchedulingQueue) -> None:
    queue.add(info("p"))
    queue.remove("pod-default-p")
    queue.add(info("q"))
    assert (await take(queue)).key == "default/q"
    assert len(queue) == 1
    queue.remove("pod-default-q")
    queue.refuse(info("q"), ROOM)
    queue.changed(Change.POD_GONE)
    assert await is_empty(queue)


async def test_back_off_doubles(queue: SchedulingQueue) -> None:
    queue.add(info("p"))
    taken = await take(queue)
    delays = [queue.retry(taken) for _ in range(12)]
    assert delays[:3] == [0.05, 0.1, 0.2]
    assert delays[-1] == 10.0
    queue.remove(taken.uid)
