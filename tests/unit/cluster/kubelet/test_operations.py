"""Operations beside a pod's loop."""

import asyncio

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.operations import Operations, Postponed


class Ends:
    """The keys that ended, and a way to wait for the next."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.operations = Operations("d/web", self.keys.append)


async def succeed() -> None:
    pass


async def test_one_at_a_time_by_key() -> None:
    ends, gate, runs = Ends(), asyncio.Event(), []

    async def work() -> None:
        runs.append(1)
        await gate.wait()

    for _ in range(3):
        ends.operations.begin("a", work)
    await asyncio.sleep(0)
    assert ends.operations.is_any_running("a")
    gate.set()
    await ends.operations.wait("a")
    assert (len(runs), ends.keys, ends.operations.is_running("a")) == (1, ["a"], False)


async def test_a_failure_is_not_repeated_at_once() -> None:
    ends, runs = Ends(), []

    async def work() -> None:
        runs.append(1)
        raise CriError("UNKNOWN", "no")

    ends.operations.begin("start/a", work)
    await ends.operations.wait("start/a")
    ends.operations.begin("start/a", work)
    assert ends.operations.is_postponed("start/a")
    due = ends.operations.next_due()
    assert due is not None
    assert 0 < due <= 0.5
    ends.operations.retry_now("start/")
    ends.operations.begin("start/a", work)
    await ends.operations.wait("start/a")
    assert len(runs) == 2


async def test_waiting_in_vain_is_no_failure() -> None:
    ends = Ends()

    async def work() -> None:
        raise Postponed

    ends.operations.begin("a", work)
    await ends.operations.wait("a")
    assert (ends.keys, ends.operations.next_due()) == (["a"], None)


async def test_a_bug_in_an_operation_is_contained() -> None:
    ends = Ends()

    async def work() -> None:
        raise KeyError("bug")

    ends.operations.begin("a", work)
    await ends.operations.wait("a")
    assert ends.operations.is_postponed("a")


async def test_cancelling_all_but_one() -> None:
    ends, gate = Ends(), asyncio.Event()

    async def work() -> None:
        await gate.wait()

    for key in ("a", "b", "delete"):
        ends.operations.begin(key, work)
    await asyncio.sleep(0)
    await ends.operations.cancel(keep="delete")
    assert sorted(ends.keys) == ["a", "b"]
    assert ends.operations.is_running("delete")
    ends.operations.stop("delete")
    ends.operations.begin("delete", succeed)
    await ends.operations.wait("delete")
