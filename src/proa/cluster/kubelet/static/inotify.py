"""Waits for changes of a directory (inotify(7))."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_CLOSE_WRITE, _MOVED, _CREATE, _DELETE = 0x8, 0xC0, 0x100, 0x200
_BUFFER = 65536


@contextmanager
def changes(directory: Path) -> Iterator[asyncio.Event]:
    """An event that is set whenever something in the directory changes. Raises OSError."""
    descriptor = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    event, loop = asyncio.Event(), asyncio.get_running_loop()

    def ready() -> None:
        os.read(descriptor, _BUFFER)
        event.set()

    try:
        mask = _CLOSE_WRITE | _MOVED | _CREATE | _DELETE
        if _libc.inotify_add_watch(descriptor, os.fsencode(directory), mask) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(directory))
        loop.add_reader(descriptor, ready)
        yield event
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
