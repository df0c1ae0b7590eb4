"""What was acknowledged survives `kill -9`, in the order in which it was written."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from proa.cluster.store import SqliteStore

_WRITER = """
import asyncio, sys
from pathlib import Path
from proa.cluster.store import SqliteStore, Value

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    async def write(worker):
        for number in range(1_000_000):
            entry = await store.create(f"/pods/w{worker}/{store.revision}-{number}", Value(b"", b"x" * 500))
            print(entry.revision, entry.key, flush=True)
    await asyncio.gather(*(write(worker) for worker in range(8)))

asyncio.run(main())
"""
_ACKNOWLEDGED = 300


async def killed_writer(path: Path) -> dict[int, str]:
    """Revisions and keys that a writer told of before it was killed in the middle of its work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITER, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(_ACKNOWLEDGED)]
    process.send_signal(signal.SIGKILL)
    rest = (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    whole = [line.decode().split() for line in (*lines, *rest) if line.endswith(b"\n")]
    return {int(revision): key for revision, key in whole}


async def test_no_acknowledged_write_is_lost_and_revisions_never_go_back(tmp_path: Path) -> None:
    path, told = tmp_path / "state.db", dict[int, str]()
    for _ in range(3):
        newest = max(told, default=0)
        acknowledged = await killed_writer(path)
        assert min(acknowledged) > newest
        told |= acknowledged

    store = SqliteStore(path)
    try:
        watch = store.watch("/pods/", 0)
        replayed = {event.entry.revision: event.entry.key for event in await watch.batch()}
        stored = {entry.revision: entry.key for entry in store.range("/pods/").entries}
    finally:
        await store.close()
    assert told.items() <= stored.items()
    assert replayed == stored
    assert sorted(stored) == list(range(1, len(stored) + 1))
