"""The supervisor's loop: waits for the end of a part, a signal, or the next thing due."""

from __future__ import annotations

import fcntl
import logging
import os
import selectors
import signal
import socket
import time
from pathlib import Path

from proa.supervisor import process
from proa.supervisor.backoff import Backoff
from proa.supervisor.kept import KeptSockets
from proa.supervisor.logs import rotate
from proa.supervisor.part import Part, Running, forget_running, read_parts, read_running, write_running

logger = logging.getLogger(__name__)
ROTATE_EVERY = 10.0


class _Slot:
    """A part, while it runs its process, and the sockets that it gave away."""

    def __init__(self, part: Part, kept: KeptSockets | None) -> None:
        self.part = part
        self.kept = kept
        self.running: Running | None = None
        self.pidfd = -1
        self.restarts = 0
        self.delay = 0.0
        self.due = 0.0


class Supervisor:
    """Runs the parts named in a folder until SIGTERM or SIGINT, then ends them, highest rank first."""

    def __init__(self, directory: Path, backoff: Backoff | None = None) -> None:
        self._directory = directory
        self._backoff = backoff or Backoff()
        self._slots: list[_Slot] = []
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._rotation_due = 0.0

    def run(self) -> None:
        """Returns when all parts have been stopped; at once when another supervisor has the folder."""
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("another supervisor runs %s", self._directory)
            return
        write_running(self._directory, "supervisor", process.myself())
        self._listen_to_signals()
        for part in read_parts(self._directory):
            self._slots.append(_Slot(part, self._kept(part)))
        for slot in self._slots:
            self._adopt(slot)
        while not self._stopping:
            self._step()
        self._stop_all()
        forget_running(self._directory, "supervisor")

    def _kept(self, part: Part) -> KeptSockets | None:
        if not part.gives_sockets:
            return None
        kept = KeptSockets(self._directory / f"{part.name}.notify")
        self._selector.register(kept.channel, selectors.EVENT_READ, kept)
        return kept

    def _listen_to_signals(self) -> None:
        reader, self._writer = socket.socketpair()
        reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._selector.register(reader, selectors.EVENT_READ)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _step(self) -> None:
        now = time.monotonic()
        if now >= self._rotation_due:
            self._rotation_due = now + ROTATE_EVERY
            for slot in self._slots:
                rotate(Path(slot.part.log))
        for slot in self._slots:
            if slot.running is None and slot.due <= now:
                self._start(slot)
        waits = [slot.due for slot in self._slots if slot.running is None]
        timeout = max(0.0, min([self._rotation_due, *waits]) - time.monotonic())
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, _Slot):
                self._ended(key.data)
            elif isinstance(key.data, KeptSockets):
                key.data.receive()

    def _adopt(self, slot: _Slot) -> None:
        running = read_running(self._directory, slot.part.name)
        pidfd = process.open_pidfd(running) if running else None
        if running is None or pidfd is None:
            return
        if running.command != slot.part.command:
            os.close(pidfd)
            process.end([running], slot.part.stop_seconds)
            return
        logger.info("%s: adopted pid %d", slot.part.name, running.pid)
        slot.restarts = running.restarts
        self._watch(slot, running, pidfd)

    def _start(self, slot: _Slot) -> None:
        try:
            running = process.spawn(slot.part, slot.restarts, slot.kept)
        except OSError as error:
            logger.error("%s: %s", slot.part.name, error)  # noqa: TRY400  the reason is all there is to say
            self._schedule(slot, uptime=0)
            return
        logger.info("%s: started pid %d", slot.part.name, running.pid)
        write_running(self._directory, slot.part.name, running)
        self._watch(slot, running, os.pidfd_open(running.pid))

    def _watch(self, slot: _Slot, running: Running, pidfd: int) -> None:
        slot.running, slot.pidfd = running, pidfd
        self._selector.register(pidfd, selectors.EVENT_READ, slot)

    def _ended(self, slot: _Slot) -> None:
        self._selector.unregister(slot.pidfd)
        code = process.exit_code(slot.pidfd)
        os.close(slot.pidfd)
        uptime = time.time() - slot.running.since if slot.running else 0
        slot.running = None
        slot.restarts += 1
        self._schedule(slot, uptime)
        logger.warning("%s: ended (%s), next start in %.1f s", slot.part.name, _describe(code), slot.delay)

    def _schedule(self, slot: _Slot, uptime: float) -> None:
        slot.delay = self._backoff.after(slot.delay, uptime)
        slot.due = time.monotonic() + slot.delay

    def _stop_all(self) -> None:
        for rank in sorted({slot.part.rank for slot in self._slots}, reverse=True):
            slots = [slot for slot in self._slots if slot.part.rank == rank]
            processes = [slot.running for slot in slots if slot.running]
            process.end(processes, max(slot.part.stop_seconds for slot in slots))
            for slot in slots:
                if slot.kept:
                    slot.kept.close()
                forget_running(self._directory, slot.part.name)
        logger.info("stopped")


def _describe(code: int | None) -> str:
    if code is None:
        return "adopted, exit code unknown"
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
