"""Who commits: the thread, or the caller when a write is alone and the disk quick."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proa.cluster.store import SqliteStore, Value
from proa.cluster.store.encryption import Encryption

VALUE = Value(b'{"rv":"', b'"}')


class Witness(Encryption):
    """Notes which thread seals, as that one commits."""

    def __init__(self) -> None:
        super().__init__("", {})
        self.threads: list[str] = []

    def seal(self, key: str, value: bytes) -> bytes:
        self.threads.append(threading.current_thread().name)
        return value


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def store(tmp_path: Path, witness: Witness) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "state.db", encryption=witness)
    yield store
    await store.close()


def commits_take(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0, seconds)
    monkeypatch.setattr("proa.cluster.store.writer.perf_counter", lambda: next(clock))


async def test_a_lone_write_to_a_quick_disk_is_committed_at_once(
    store: SqliteStore, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits_take(0.0001, monkeypatch)

    for n in range(3):
        assert (await store.create(f"/pods/default/{n}", VALUE)).revision == n + 1

    assert witness.threads == ["MainThread"] * 3


async def test_on_a_slow_disk_the_loop_waits_for_no_second_one(
    store: SqliteStore, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits_take(0.010, monkeypatch)

    for n in range(3):
        await store.create(f"/pods/default/{n}", VALUE)

    assert witness.threads == ["MainThread", "store-writer", "store-writer"]


async def test_writes_of_one_turn_are_committed_together_by_the_thread(
    store: SqliteStore, witness: Witness
) -> None:
    stored = await asyncio.gather(*(store.create(f"/pods/default/{n}", VALUE) for n in range(5)))

    assert [entry.revision for entry in stored] == [1, 2, 3, 4, 5]
    assert witness.threads == ["store-writer"] * 5


async def test_a_write_never_overtakes_one_under_way(
    store: SqliteStore, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits_take(0.0001, monkeypatch)
    watch = store.watch("/pods/", 0)
    first = [asyncio.create_task(store.create(f"/pods/default/{n}", VALUE)) for n in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # they are with the thread now

    late = await store.create("/pods/default/late", VALUE)

    assert late.revision == 3
    assert [event.entry.revision for event in await watch.batch()][:1] == [1]
    await asyncio.gather(*first)
    watch.close()
