"""Facts about this machine, read from /proc, /etc and the cgroups."""

from __future__ import annotations

import os
import platform
import uuid
from dataclasses import dataclass
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_NO_LIMIT = 1 << 60
RESERVED_MEMORY = 100 * 1024 * 1024
"""Bytes below which memory counts as short (upstream's memory.available<100Mi)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What does not change while the kubelet runs. Memory and disk in bytes."""

    cpus: int
    memory: int
    disk: int
    architecture: str
    kernel: str
    os_image: str
    machine_id: str
    system_uuid: str
    boot_id: str


def read_machine(data_dir: Path, cgroup_mount: Path) -> Machine:
    """Measure this machine; `data_dir` names the disk that counts."""
    disk = os.statvfs(data_dir)
    return Machine(
        cpus=len(os.sched_getaffinity(0)),
        memory=min(memory_total(), _cgroup_memory(cgroup_mount)),
        disk=disk.f_blocks * disk.f_frsize,
        architecture=_ARCHITECTURES.get(platform.machine(), platform.machine()),
        kernel=platform.release(),
        os_image=_os_image(),
        machine_id=_first_line("/etc/machine-id") or uuid.uuid5(uuid.NAMESPACE_DNS, platform.node()).hex,
        system_uuid=_first_line("/sys/class/dmi/id/product_uuid"),
        boot_id=_first_line("/proc/sys/kernel/random/boot_id"),
    )


def memory_total() -> int:
    """Bytes of memory of the machine."""
    return _meminfo("MemTotal")


def processes() -> tuple[int, int]:
    """How many processes the kernel would run at most, and how many there are; threads count."""
    limits = (_first_line(f"/proc/sys/kernel/{name}") for name in ("pid_max", "threads-max"))
    running = int(_first_line("/proc/loadavg").split()[3].partition("/")[2])
    return min(int(limit or 1 << 22) for limit in limits), running


def has_apparmor() -> bool:
    """Whether the kernel enforces AppArmor profiles."""
    return _first_line("/sys/module/apparmor/parameters/enabled") == "Y"


def boot_time() -> int:
    """When the machine started, seconds since the epoch."""
    lines = (line.split() for line in _read("/proc/stat").splitlines())
    return next((int(words[1]) for words in lines if words[0] == "btime"), 0)


def _meminfo(key: str) -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == key:
            return int(rest.split()[0]) * 1024
    return 0


def _cgroup_memory(mount: Path) -> int:
    """The limit of the cgroup in which all of this machine lives, as in a container."""
    for file in (mount / "memory.max", mount / "memory" / "memory.limit_in_bytes"):
        text = _first_line(str(file))
        if text.isdecimal():
            return min(int(text), _NO_LIMIT)
    return _NO_LIMIT


def _os_image() -> str:
    for line in _read("/etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "Linux"


def _first_line(path: str) -> str:
    return next(iter(_read(path).splitlines()), "").strip()


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
