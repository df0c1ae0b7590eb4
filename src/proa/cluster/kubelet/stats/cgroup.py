"""Reads what a cgroup has used, on either hierarchy.

Source: Linux Documentation/admin-guide/cgroup-v1/{memory,cpuacct}.rst and cgroup-v2.rst. The working set
is what cannot be given back without trouble: usage less the file pages that are not active.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PAGE = 65536
_NO_LIMIT = 1 << 62
"""A larger limit is the kernel's way to write none."""


@dataclass(frozen=True, slots=True)
class MemoryUsage:
    """Bytes, and page faults since the cgroup was made. A limit of None means none."""

    usage: int
    working_set: int
    rss: int
    page_faults: int
    major_page_faults: int
    limit: int | None = None
    cache: int = 0
    swap: int = 0


@dataclass(frozen=True, slots=True)
class Throttling:
    """Periods in which a cgroup with a limit wanted to run, in how many it was held up, and for how long."""

    periods: int
    throttled: int
    nanoseconds: int


@dataclass(frozen=True, slots=True)
class CgroupUsage:
    """A reading of one cgroup and all below it; `cpu` is nanoseconds since it was made."""

    cpu: int
    memory: MemoryUsage
    processes: int


class CgroupReader:
    """Reads cgroups below `mount`; paths are as in /proc/self/cgroup.

    Of many pods this is most of what an idle kubelet does: hence no Path and no file objects.
    """

    def __init__(self, mount: Path) -> None:
        self._mount = str(mount)
        self._unified = (mount / "cgroup.controllers").exists()

    def read(self, path: str) -> CgroupUsage | None:
        """The usage now; None when there is no such cgroup (any more)."""
        relative = path.strip("/")
        try:
            return self._read_v2(relative) if self._unified else self._read_v1(relative)
        except (FileNotFoundError, ProcessLookupError):
            return None
        except OSError as fault:
            if fault.errno == _ENODEV:
                return None
            raise

    def throttling(self, path: str) -> Throttling | None:
        """How its limit of processor time has held the cgroup up; None when it is gone or has none."""
        root = self._mount if self._unified else f"{self._mount}/cpu"
        try:
            stat = flat_keyed(_text(f"{root}/{path.strip('/')}/cpu.stat"))
        except OSError:
            return None
        held_up = stat.get("throttled_time", 1000 * stat.get("throttled_usec", 0))
        periods = stat.get("nr_periods", 0)
        return Throttling(periods, stat.get("nr_throttled", 0), held_up) if periods else None

    def processes(self, path: str) -> list[int]:
        """Ids of the processes directly in the cgroup."""
        root = self._mount if self._unified else f"{self._mount}/memory"
        try:
            return [int(line) for line in _text(f"{root}/{path.strip('/')}/cgroup.procs").split()]
        except OSError:
            return []

    def _read_v1(self, relative: str) -> CgroupUsage:
        memory = f"{self._mount}/memory/{relative}"
        return CgroupUsage(
            cpu=int(_text(f"{self._mount}/cpuacct/{relative}/cpuacct.usage")),
            memory=memory_v1(
                usage=int(_text(f"{memory}/memory.usage_in_bytes")),
                limit=int(_text(f"{memory}/memory.limit_in_bytes")),
                stat=flat_keyed(_text(f"{memory}/memory.stat")),
            ),
            processes=_optional_number(f"{self._mount}/pids/{relative}/pids.current"),
        )

    def _read_v2(self, relative: str) -> CgroupUsage:
        folder = f"{self._mount}/{relative}"
        stat, cpu = flat_keyed(_text(f"{folder}/memory.stat")), flat_keyed(_text(f"{folder}/cpu.stat"))
        return CgroupUsage(
            cpu=cpu["usage_usec"] * 1000,
            memory=memory_v2(_usage_v2(folder), _optional_number(f"{folder}/memory.max"), stat),
            processes=_optional_number(f"{folder}/pids.current"),
        )


_ENODEV = 19
"""What reading a file of a cgroup gives that has just been removed."""


def memory_v1(usage: int, limit: int, stat: Mapping[str, int]) -> MemoryUsage:
    """From the values of a version 1 memory controller, whose `total_` figures count what is below."""
    return MemoryUsage(
        usage=usage,
        working_set=max(0, usage - stat.get("total_inactive_file", 0)),
        rss=stat.get("total_rss", 0),
        page_faults=stat.get("total_pgfault", 0),
        major_page_faults=stat.get("total_pgmajfault", 0),
        limit=limit if 0 < limit < _NO_LIMIT else None,
        cache=stat.get("total_cache", 0),
        swap=stat.get("total_swap", 0),
    )


def memory_v2(usage: int, limit: int, stat: Mapping[str, int]) -> MemoryUsage:
    """From the values of a version 2 memory controller; a limit of 0 means none."""
    return MemoryUsage(
        usage=usage,
        working_set=max(0, usage - stat.get("inactive_file", 0)),
        rss=stat.get("anon", 0),
        page_faults=stat.get("pgfault", 0),
        major_page_faults=stat.get("pgmajfault", 0),
        limit=limit or None,
        cache=stat.get("file", 0),
    )


def flat_keyed(text: str) -> dict[str, int]:
    """A file of lines `key number`."""
    pairs = (line.split(" ", 1) for line in text.splitlines())
    return {key: int(value) for key, value in pairs}


def _usage_v2(folder: str) -> int:
    """What a cgroup uses; the root cgroup of version 2 does not say it, but the machine does."""
    try:
        return int(_text(f"{folder}/memory.current"))
    except FileNotFoundError:
        lines = _text("/proc/meminfo").splitlines()
    values = {line.partition(":")[0]: int(line.split()[1]) for line in lines}
    return (values["MemTotal"] - values["MemFree"]) * 1024


def _text(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(descriptor, _PAGE):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).decode()


def _optional_number(path: str) -> int:
    """The number in a file; 0 when it says `max` or the kernel has no such controller."""
    try:
        text = _text(path).strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0
