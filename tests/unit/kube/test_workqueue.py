import asyncio

import uvloop

from proa.kube.workqueue import WorkQueue


async def test_a_key_stands_once() -> None:
    queue = WorkQueue()
    for key in ("a", "b", "a"):
        queue.add(key)
    assert len(queue) == 2
    assert [await queue.get(), await queue.get()] == ["a", "b"]


async def test_a_key_added_while_worked_on_comes_again_after() -> None:
    queue = WorkQueue()
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    assert len(queue) == 0
    queue.done(key)
    assert len(queue) == 1


async def test_waiting_workers_each_get_one_key() -> None:
    queue = WorkQueue()
    workers = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.add("a")
    queue.add("b")
    assert sorted(await asyncio.gather(*workers)) == ["a", "b"]


async def test_a_cancelled_worker_loses_no_key() -> None:
    queue = WorkQueue()
    first, second = (asyncio.create_task(queue.get()) for _ in range(2))
    await asyncio.sleep(0)
    queue.add("a")
    first.cancel()
    assert await asyncio.wait_for(second, 1) == "a"


async def test_back_off_doubles_and_is_forgotten() -> None:
    queue = WorkQueue(first_delay=1, longest_delay=5)
    assert [queue.retry("a") for _ in range(4)] == [1, 2, 4, 5]
    queue.forget("a")
    assert queue.retry("a") == 1


async def test_the_earliest_delay_counts() -> None:
    queue = WorkQueue()
    queue.add_after("a", 3600)
    queue.add_after("a", 0)
    assert await asyncio.wait_for(queue.get(), 1) == "a"


def test_a_delay_of_almost_nothing_is_no_trouble_on_uvloop() -> None:
    async def played() -> str:
        queue = WorkQueue()
        for delay in (0.0, 0.0001, 0.0):
            queue.add_after("a", delay)
        return await asyncio.wait_for(queue.get(), 1)

    assert uvloop.run(played()) == "a"
