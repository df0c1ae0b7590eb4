"""The file of the audit log: written in batches by a thread of its own, rotated by size and age.

A clean stop waits until all is written. When the disk takes nothing, events are counted as lost and said so
in the server's log; the API goes on.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO

logger = logging.getLogger(__name__)
_BATCH = 512


@dataclass(frozen=True, slots=True)
class LogLimits:
    """When the file is put aside and how long such files stay; 0 is no limit."""

    megabytes: int = 0
    days: int = 0
    backups: int = 0


class AuditLog:
    """Appends lines. `-` as the path is the standard output."""

    def __init__(self, path: Path, limits: LogLimits) -> None:
        """Raises OSError when the file cannot be opened."""
        self._path, self._limits = path, limits
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._file = self._open()
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        self.lost = 0
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Queue a line; never waits."""
        self._queue.put(line)

    def close(self) -> None:
        """Write what is queued, then close. Waits."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _open(self) -> BinaryIO:
        if str(self._path) == "-":
            return os.fdopen(os.dup(1), "ab")
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "ab")

    def _run(self) -> None:
        lines: list[bytes | None] = []
        while None not in lines:
            lines = self._drain()
            content = b"".join(line + b"\n" for line in lines if line is not None)
            try:
                self._append(content)
            except OSError as error:
                self.lost += len(lines)
                logger.warning("audit log %s: %s: %d events are lost", self._path, error, len(lines))

    def _drain(self) -> list[bytes | None]:
        lines: list[bytes | None] = [self._queue.get()]
        try:
            while len(lines) < _BATCH and lines[-1] is not None:
                lines.append(self._queue.get_nowait())
        except Empty:
            pass
        return lines

    def _append(self, content: bytes) -> None:
        size = self._limits.megabytes << 20
        if size and self._file.tell() and self._file.tell() + len(content) > size:
            self._rotate()
        self._file.write(content)
        self._file.flush()

    def _rotate(self) -> None:
        """Put the file aside under the present time, as lumberjack names it, and forget old ones."""
        self._file.close()
        stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H-%M-%S.%f")[:-3]
        self._path.rename(self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}"))
        self._file = self._open()
        self._forget()

    def _forget(self) -> None:
        old = sorted(self._path.parent.glob(f"{self._path.stem}-*{self._path.suffix}"), reverse=True)
        oldest = dt.datetime.now(dt.UTC).timestamp() - self._limits.days * 86400
        for index, file in enumerate(old):
            too_many = self._limits.backups and index >= self._limits.backups
            if too_many or (self._limits.days and file.stat().st_mtime < oldest):
                file.unlink(missing_ok=True)
