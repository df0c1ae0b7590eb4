"""Named pipes as a runtime meets them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from proa.cluster.kubelet.streams.pipes import ProcessPipes


def count(folder: str | Path) -> int:
    return len(list(Path(folder).iterdir()))


async def test_what_a_process_wrote_before_it_ended_is_read_to_its_end(tmp_path: Path) -> None:
    with ProcessPipes(tmp_path / "streams", stdin=False, stdout=True, stderr=False) as pipes:
        theirs = os.open(pipes.stdio.stdout, os.O_WRONLY)
        os.write(theirs, b"early")
        os.close(theirs)
        reader = await pipes.reader("stdout")
        assert await reader.read() == b"early"
        assert (pipes.stdio.stdin, pipes.stdio.stderr) == ("", "/dev/null")


async def test_the_end_of_stdin_follows_its_data(tmp_path: Path) -> None:
    with ProcessPipes(tmp_path, stdin=True, stdout=False, stderr=False) as pipes:
        writer = await pipes.writer()
        theirs = os.open(pipes.stdio.stdin, os.O_RDONLY | os.O_NONBLOCK)
        writer.write(b"data")
        writer.close()
        await asyncio.sleep(0)
        assert os.read(theirs, 100) == b"data"
        assert os.read(theirs, 100) == b""
        os.close(theirs)


async def test_nothing_remains_even_of_stdin_that_nobody_read(tmp_path: Path) -> None:
    before = count("/proc/self/fd")
    with ProcessPipes(tmp_path, stdin=True, stdout=True, stderr=False) as pipes:
        await pipes.reader("stdout")
        writer = await pipes.writer()
        writer.write(bytes(1 << 20))
        writer.close()
    await asyncio.sleep(0)
    assert count(tmp_path) == 0
    assert count("/proc/self/fd") == before
