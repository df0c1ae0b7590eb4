"""Kernel settings below /proc/sys, always those of the calling thread's network namespace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from proa.errors import KernelError

_ROOT = Path("/proc/sys")


def read(name: str) -> str:
    """The value of a setting such as `net/ipv4/ip_forward`."""
    try:
        return (_ROOT / name).read_text().strip()
    except OSError as error:
        raise KernelError(f"read the kernel setting {name}: {(error.strerror or '').lower()}") from error


def write(name: str, value: str | int) -> None:
    """Sets a value; one that stands already is not written again (a read-only /proc may hold it)."""
    if read(name) == str(value):
        return
    try:
        (_ROOT / name).write_text(f"{value}\n")
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise KernelError(f"set the kernel setting {name} to {value}: {reason}") from error


def exists(name: str) -> bool:
    """Whether the kernel has the setting: one of a device, or of IPv6, may be missing."""
    return (_ROOT / name).exists()


def restore(values: Mapping[str, str]) -> None:
    """Sets what was read before; a setting that is gone, with its device, is left out."""
    for name, value in values.items():
        if exists(name):
            write(name, value)
