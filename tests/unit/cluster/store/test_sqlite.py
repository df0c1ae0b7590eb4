"""The SQLite store: order, compare-and-swap, history, watches, damage."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from proa.cluster.store import (
    Compacted,
    Event,
    KeyExists,
    RevisionMismatch,
    SqliteStore,
    StoreUnavailable,
    Value,
    WatchOverflow,
)
from proa.cluster.store import database as statements
from proa.cluster.store.watchers import QUEUE_LIMIT
from proa.errors import UserError

A, B = "/pods/default/a", "/pods/default/b"


def value(text: str) -> Value:
    return Value(b'{"rv":"', f'","v":"{text}"}}'.encode())


def seen(events: Sequence[Event]) -> list[tuple[str, int, bool, int | None]]:
    return [
        (e.entry.key[-1], e.entry.revision, e.deleted, e.previous.revision if e.previous else None)
        for e in events
    ]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "state.db")
    yield store
    await store.close()


async def test_the_stored_bytes_carry_the_revision(store: SqliteStore) -> None:
    entry = await store.create(A, value("x"))

    assert entry.value == b'{"rv":"1","v":"x"}'
    assert entry.at(20) == b'{"rv":"20","v":"x"}'
    assert store.get(A) is entry


async def test_create_of_a_key_that_is_there_fails_and_uses_no_revision(store: SqliteStore) -> None:
    await store.create(A, value("x"))

    with pytest.raises(KeyExists):
        await store.create(A, value("y"))

    assert (await store.create(B, value("z"))).revision == 2


async def test_update_wants_the_newest_revision(store: SqliteStore) -> None:
    first = await store.create(A, value("x"))
    second = await store.update(A, value("y"), first.revision)

    with pytest.raises(RevisionMismatch) as failure:
        await store.update(A, value("z"), first.revision)

    assert failure.value.current is second


async def test_of_many_writers_of_one_revision_one_wins(store: SqliteStore) -> None:
    first = await store.create(A, value("x"))

    results = await asyncio.gather(
        *(store.update(A, value(str(n)), first.revision) for n in range(10)), return_exceptions=True
    )

    assert [type(r) for r in results if isinstance(r, Exception)] == [RevisionMismatch] * 9
    assert store.revision == 2


async def test_a_caller_that_gives_up_does_not_undo_its_write(store: SqliteStore) -> None:
    task = asyncio.ensure_future(store.create(A, value("x")))
    await asyncio.sleep(0)
    task.cancel()
    await store.create(B, value("y"))

    assert store.get(A) is not None


async def test_one_who_waits_for_another_writer_may_give_up(store: SqliteStore) -> None:
    first, beside = (asyncio.ensure_future(store.create(key, value("x"))) for key in (A, B))
    await asyncio.sleep(0)
    waiting = [asyncio.ensure_future(store.update(A, value(text), 1)) for text in "yz"]
    await asyncio.sleep(0)
    waiting[0].cancel()

    assert ((await first).revision, (await beside).revision) == (1, 2)
    assert (await waiting[1]).revision == 3
    assert waiting[0].cancelled()


async def test_revisions_go_on_after_a_restart(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")
    entry = await store.create(A, value("x"))
    await store.delete(A, value("x"), entry.revision)
    await store.create(B, value("y"))
    await store.close()

    again = SqliteStore(tmp_path / "state.db")
    try:
        assert [e.key for e in again.range("/pods/").entries] == [B]
        assert (await again.create(A, value("z"))).revision == 4
    finally:
        await again.close()


async def test_a_watch_replays_history_then_follows(store: SqliteStore) -> None:
    first = await store.create(A, value("x"))
    await store.update(A, value("y"), first.revision)
    watch = store.watch("/pods/", 1)
    await store.create("/nodes/n", value("n"))
    await store.delete(A, value("y"), 2)

    events = [*await watch.batch(), *await watch.batch()]

    assert seen(events) == [("a", 2, False, 1), ("a", 4, True, 2)]
    assert events[1].entry.value == b'{"rv":"4","v":"y"}'
    assert watch.revision == 4


async def test_a_quiet_watch_returns_nothing_after_its_time(store: SqliteStore) -> None:
    assert await store.watch("/pods/", 0).batch(0) == []


async def test_a_watcher_that_falls_behind_is_cut_off(store: SqliteStore) -> None:
    watch = store.watch("/pods/", 0)
    await asyncio.gather(*(store.create(f"/pods/n/{n}", value("x")) for n in range(QUEUE_LIMIT + 1)))

    with pytest.raises(WatchOverflow):
        await watch.batch()


async def test_a_page_at_an_old_revision_shows_the_past(store: SqliteStore) -> None:
    await store.create(A, value("x"))
    await store.create(B, value("x"))
    await store.delete(A, value("x"), 1)
    await store.update(B, value("y"), 2)

    page = await store.range_at(2, "/pods/", limit=1)
    rest = await store.range_at(2, "/pods/", start=A + "\0")

    assert ([e.key for e in page.entries], page.remaining) == ([A], 1)
    assert [e.value for e in rest.entries] == [b'{"rv":"2","v":"x"}']


async def test_compaction_keeps_the_present_and_refuses_the_past(store: SqliteStore) -> None:
    await store.create(A, value("x"))
    await store.create(B, value("x"))
    await store.update(A, value("y"), 1)
    await store.delete(B, value("x"), 2)
    await store.create(B, value("again"))
    watch = store.watch("/pods/", 4)
    await store.compact(4)

    with pytest.raises(Compacted):
        store.watch("/pods/", 3)
    with pytest.raises(Compacted):
        await store.range_at(3, "/pods/")
    with pytest.raises(Compacted):  # also where nothing has changed since
        await store.range_at(3, "/nodes/")
    assert seen(await watch.batch()) == [("b", 5, False, None)]
    assert [e.revision for e in store.range("/pods/").entries] == [3, 5]


async def test_compaction_never_takes_the_newest_revision(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")
    await store.create(A, value("x"))
    await store.delete(A, value("x"), 1)
    await store.compact(2)
    await store.close()

    again = SqliteStore(tmp_path / "state.db")
    try:
        assert again.revision == 2
    finally:
        await again.close()


async def test_a_revision_of_the_future_cannot_be_watched(store: SqliteStore) -> None:
    with pytest.raises(Compacted):
        store.watch("/pods/", 7)


async def test_a_failed_write_fails_alone(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = statements.insert

    def failing(connection: sqlite3.Connection, rows: Sequence[statements.Row]) -> None:
        if any(key == B for _, key, *_ in rows):
            raise sqlite3.OperationalError("database or disk is full")
        insert(connection, rows)

    monkeypatch.setattr(statements, "insert", failing)
    results = await asyncio.gather(
        *(store.create(key, value("x")) for key in (A, B, "/pods/default/c")), return_exceptions=True
    )

    assert [type(r).__name__ for r in results] == ["Entry", "StoreUnavailable", "Entry"]
    assert "disk is full" in str(results[1])
    assert store.revision == 2
    monkeypatch.undo()
    assert (await store.create(B, value("x"))).revision == 3


async def test_the_disk_that_is_full_is_an_error_then_recovers(store: SqliteStore) -> None:
    connection = store._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    big = Value(b"", b"x" * 100_000)

    with pytest.raises(StoreUnavailable, match="full"):
        await store.create(A, big)

    connection.execute("PRAGMA max_page_count = 1000000")
    assert (await store.create(A, big)).revision == 1


async def test_a_second_server_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"state\.db is in use by another server"):
        SqliteStore(tmp_path / "state.db")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
        pytest.param(lambda data: b"not a database at all" + data[21:], id="other header"),
        pytest.param(lambda data: data[:4096] + b"\xff" * 8192 + data[12288:], id="overwritten pages"),
    ],
)
async def test_a_damaged_file_is_refused_and_left_alone(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "state.db"
    store = SqliteStore(path)
    await asyncio.gather(*(store.create(f"/pods/n/{n}", Value(b"", b"x" * 900)) for n in range(100)))
    await store.close()
    broken = damage(path.read_bytes())
    path.write_bytes(broken)

    with pytest.raises(UserError, match=f"cannot use the database {path}"):
        SqliteStore(path)

    assert path.read_bytes() == broken


async def test_an_empty_folder_gets_a_private_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "new" / "state.db")
    await store.close()

    assert (tmp_path / "new" / "state.db").stat().st_mode & 0o777 == 0o600
