"""The cgroup of each pod, above those that the runtime makes for containers.

Works on both hierarchies without systemd: with version 1 a directory in each mounted controller,
with version 2 one directory whose controllers are handed down from the root.
Source: Linux Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from proa.cluster.kubelet.resources import CPU_PERIOD, Limits

_log = logging.getLogger(__name__)

_V1_HIERARCHIES = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb",
                   "net_cls", "net_prio", "perf_event", "systemd", "unified")  # fmt: skip
_V2_CONTROLLERS = ("cpu", "cpuset", "memory", "io", "pids", "hugetlb")


class Cgroups:
    """Makes, limits and removes cgroups below `mount`; paths are as in /proc/self/cgroup."""

    def __init__(self, mount: Path, most_processes: int = -1) -> None:
        """`most_processes` and threads may be in a pod; -1 for any number."""
        self._mount = mount
        self._most_processes = "max" if most_processes < 0 else str(most_processes)
        self._unified = (mount / "cgroup.controllers").exists()

    def ensure(self, path: str, limits: Limits) -> None:
        """Make the cgroup with its parents and set its limits. Raises OSError."""
        for root in self._roots():
            directory = root
            for part in PurePosixPath(path).parts[1:]:
                if self._unified:
                    _hand_down_controllers(directory)
                directory /= part
                if not directory.exists():
                    directory.mkdir(exist_ok=True)
                    if root.name == "cpuset":
                        _copy_cpuset(directory)
        self.limit(path, limits)
        self._write(path, "pids.max", self._most_processes)

    def limit(self, path: str, limits: Limits) -> None:
        """Set the limits of a cgroup that exists. Raises OSError when it uses more already."""
        for file, value in self._values(limits).items():
            self._write(path, file, value)

    def remove(self, path: str) -> bool:
        """Remove the cgroup and all below, killing what still runs there. False when it is still busy."""
        clean = True
        for root in self._roots():
            top = root / path.lstrip("/")
            for directory in _deepest_first(top):
                clean = _remove_one(directory) and clean
        return clean

    def children(self, path: str) -> set[str]:
        """Names of the cgroups directly below, in any hierarchy."""
        found: set[str] = set()
        for root in self._roots():
            with contextlib.suppress(OSError):
                found |= {e.name for e in os.scandir(root / path.lstrip("/")) if e.is_dir()}
        return found

    def _roots(self) -> list[Path]:
        if self._unified:
            return [self._mount]
        hierarchies = (self._mount / name for name in _V1_HIERARCHIES)
        return [directory for directory in hierarchies if (directory / "cgroup.procs").exists()]

    def _values(self, limits: Limits) -> dict[str, str]:
        if self._unified:
            most = "max" if limits.cpu_quota is None else str(limits.cpu_quota)
            weight = 1 + (limits.cpu_shares - 2) * 9999 // 262142
            memory = "max" if limits.memory is None else str(limits.memory)
            return {"cpu.weight": str(weight), "cpu.max": f"{most} {CPU_PERIOD}", "memory.max": memory}
        return {
            "cpu.shares": str(limits.cpu_shares),
            "cpu.cfs_period_us": str(CPU_PERIOD),
            "cpu.cfs_quota_us": str(limits.cpu_quota or -1),
            "memory.limit_in_bytes": str(limits.memory or -1),
        }

    def _write(self, path: str, file: str, value: str) -> None:
        root = self._mount if self._unified else self._mount / file.split(".", maxsplit=1)[0]
        target = root / path.lstrip("/") / file
        if target.exists():
            target.write_text(value)
        elif value not in ("max", "-1"):
            _log.debug("the kernel has no %s: the limit %s is not enforced", target, value)


def _copy_cpuset(directory: Path) -> None:
    """A new version 1 cpuset is empty and takes no process until it names processors and memory nodes."""
    for file in ("cpuset.cpus", "cpuset.mems"):
        (directory / file).write_text((directory.parent / file).read_text())


def _hand_down_controllers(directory: Path) -> None:
    enabled = (directory / "cgroup.subtree_control").read_text().split()
    for controller in (directory / "cgroup.controllers").read_text().split():
        if controller in _V2_CONTROLLERS and controller not in enabled:
            (directory / "cgroup.subtree_control").write_text(f"+{controller}")


def _deepest_first(top: Path) -> Iterator[Path]:
    for directory, _, _ in os.walk(top, topdown=False):
        yield Path(directory)


def _remove_one(directory: Path) -> bool:
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError as fault:
        if fault.errno != errno.EBUSY:
            raise
        _kill_all(directory)
        return False
    return True


def _kill_all(directory: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in (directory / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
