"""Reads what a cgroup has used, on either hierarchy.

Source: Linux Documentation/admin-guide/cgroup-v1/{memory,cpuacct}.rst and cgroup-v2.rst. The working set
is what cannot be given back without trouble: usage less the file pages that are not active.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class CgroupUsage:
    """A reading of one cgroup and all below it; `cpu` is nanoseconds since it was made."""

    cpu: int
    memory: MemoryUsage
    processes: int


class CgroupReader:
    """Reads cgroups below `mount`; paths are as in /proc/self/cgroup."""

    def __init__(self, mount: Path) -> None:
        self._mount = mount
        self._unified = (mount / "cgroup.controllers").exists()

    def read(self, path: str) -> CgroupUsage | None:
        """The usage now; None when there is no such cgroup (any more)."""
        relative = path.lstrip("/")
        try:
            return self._read_v2(self._mount / relative) if self._unified else self._read_v1(relative)
        except (FileNotFoundError, ProcessLookupError):
            return None
        except OSError as fault:
            if fault.errno == _ENODEV:
                return None
            raise

    def processes(self, path: str) -> list[int]:
        """Ids of the processes directly in the cgroup."""
        root = self._mount if self._unified else self._mount / "memory"
        try:
            return [int(line) for line in (root / path.lstrip("/") / "cgroup.procs").read_text().split()]
        except OSError:
            return []

    def _read_v1(self, relative: str) -> CgroupUsage:
        memory = self._mount / "memory" / relative
        return CgroupUsage(
            cpu=_number(self._mount / "cpuacct" / relative / "cpuacct.usage"),
            memory=memory_v1(
                usage=_number(memory / "memory.usage_in_bytes"),
                limit=_number(memory / "memory.limit_in_bytes"),
                stat=flat_keyed((memory / "memory.stat").read_text()),
            ),
            processes=_optional_number(self._mount / "pids" / relative / "pids.current"),
        )

    def _read_v2(self, directory: Path) -> CgroupUsage:
        stat = flat_keyed((directory / "memory.stat").read_text())
        cpu = flat_keyed((directory / "cpu.stat").read_text())
        current = directory / "memory.current"
        usage = _number(current) if current.exists() else _machine_usage()
        return CgroupUsage(
            cpu=cpu["usage_usec"] * 1000,
            memory=memory_v2(usage=usage, limit=_optional_number(directory / "memory.max"), stat=stat),
            processes=_optional_number(directory / "pids.current"),
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
    )


def flat_keyed(text: str) -> dict[str, int]:
    """A file of lines `key number`."""
    pairs = (line.split(" ", 1) for line in text.splitlines())
    return {key: int(value) for key, value in pairs}


def _machine_usage() -> int:
    """The root cgroup of version 2 does not say how much it uses; the machine does."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    values = {line.partition(":")[0]: int(line.split()[1]) for line in lines}
    return (values["MemTotal"] - values["MemFree"]) * 1024


def _number(path: Path) -> int:
    return int(path.read_text())


def _optional_number(path: Path) -> int:
    """The number in a file; 0 when it says `max` or the kernel has no such controller."""
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0
