"""Reads a container's log as the options say, and goes on as it grows."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, Self

from proa.cluster.kubelet.logs.entries import Entry, parse_log_time, read_entries, tail_offset
from proa.cluster.kubelet.logs.options import LogOptions

_libc = ctypes.CDLL(None, use_errno=True)
_MODIFIED, _MOVED_SELF, _CREATED = 0x2, 0x800, 0x100
_NONBLOCK = 0o4000
_CHUNK = 256
"""Entries that are put together into one write."""
_REVIEW = 1.0
"""Seconds after which a silent log is looked at again: the container may have ended."""


def render(entries: Iterable[Entry], options: LogOptions) -> Iterator[bytes]:
    """The text that a reader sees of these entries."""
    fresh = True
    for entry in entries:
        if options.stream and entry.stream != options.stream:
            continue
        if options.since is not None and parse_log_time(entry.time) < options.since:
            continue
        yield entry.time + b" " + entry.text if options.timestamps and fresh else entry.text
        fresh = entry.text.endswith(b"\n")


async def stream_log(
    path: Path, options: LogOptions, is_running: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """Chunks of the log; with `follow` until the container has ended. Raises OSError.

    A log that is rotated meanwhile is followed into the new file.
    """
    budget = options.limit_bytes
    async with aclosing(_whole_log(path, options, is_running)) as chunks:
        async for chunk in chunks:
            yield chunk if budget is None else chunk[:budget]
            if budget is not None:
                budget -= len(chunk)
                if budget <= 0:
                    return


async def _whole_log(
    path: Path, options: LogOptions, is_running: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[bytes, None]:
    file: BinaryIO = path.open("rb")
    ended = False
    try:
        end = file.seek(0, os.SEEK_END)
        file.seek(0 if options.tail_lines is None else tail_offset(file, options.tail_lines, end))
        if not options.follow:
            for chunk in _chunks(file, options, end):
                yield chunk
            return
        with _Watch(path.parent) as watch:
            while True:
                replaced = _is_replaced(file, path)  # asked before reading, so that the rest is complete
                for chunk in _chunks(file, options):
                    yield chunk
                if replaced:
                    file.close()
                    file = path.open("rb")
                elif ended:
                    return
                elif not await watch.changed(_REVIEW):
                    ended = not await is_running()
    finally:
        file.close()


def _chunks(file: BinaryIO, options: LogOptions, end: int | None = None) -> Iterator[bytes]:
    batch: list[bytes] = []
    for text in render(read_entries(file, end), options):
        batch.append(text)
        if len(batch) >= _CHUNK:
            yield b"".join(batch)
            batch.clear()
    if batch:
        yield b"".join(batch)


def _is_replaced(file: BinaryIO, path: Path) -> bool:
    """Whether another file has the path now."""
    try:
        return path.stat().st_ino != os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


class _Watch:
    """inotify on a directory: tells when a file in it grows or is replaced."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._event = asyncio.Event()
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._descriptor = _libc.inotify_init1(_NONBLOCK)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        mask = ctypes.c_uint32(_MODIFIED | _CREATED | _MOVED_SELF)
        _libc.inotify_add_watch(self._descriptor, os.fsencode(self._directory), mask)
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    async def changed(self, limit: float) -> bool:
        """Until something changed, at most `limit` seconds; whether it did."""
        try:
            async with asyncio.timeout(limit):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def _read(self) -> None:
        try:
            os.read(self._descriptor, 4096)
        except BlockingIOError:
            return
        self._event.set()
