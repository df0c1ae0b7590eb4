"""Network namespaces: open, enter for a moment, make and delete by name.

A thread may stand in another namespace than its process. `entered` takes the calling thread there
for a few statements and back; a netlink socket that is opened inside stays there. Nothing may start
a thread or await inside of it.
Source: setns(2), network_namespaces(7); names are bind mounts in /run/netns, as ip-netns(8) makes them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from proa.errors import KernelError
from proa.kernel import links
from proa.kernel.netlink import Netlink

NAMES = Path("/run/netns")

_CLONE_NEWNET = 0x40000000
_MS_BIND, _MS_REC, _MS_SHARED, _MNT_DETACH = 0x1000, 0x4000, 0x100000, 2
_LIBC = ctypes.CDLL(None, use_errno=True)

T = TypeVar("T")


@contextmanager
def opened(path: str | Path) -> Iterator[int]:
    """A descriptor of the namespace at `path`; KernelError when there is none."""
    try:
        target = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(f"network namespace {path}: {(error.strerror or '').lower()}") from error
    try:
        yield target
    finally:
        os.close(target)


@contextmanager
def entered(path: str | Path) -> Iterator[None]:
    """The calling thread stands in the namespace at `path`.

    Raises KernelError when there is no namespace at `path`. A thread that cannot come back ends the
    process: it must not go on in a foreign namespace.
    """
    with opened(path) as target, _return_to_here():
        _check(_LIBC.setns(target, _CLONE_NEWNET), f"enter network namespace {path}")
        yield


@contextmanager
def throwaway() -> Iterator[None]:
    """The calling thread stands in a new namespace that ends with the block: for probes and tests."""
    with _return_to_here():
        _check(_LIBC.unshare(_CLONE_NEWNET), "make a network namespace")
        yield


def run(path: str | Path, function: Callable[[], T]) -> T:
    """What `function` returns when it runs inside the namespace at `path`."""
    with entered(path):
        return function()


def socket_in(path: str | Path) -> Netlink:
    """A route netlink socket of the namespace at `path`."""
    with entered(path):
        return Netlink()


def identity(path: str | Path) -> tuple[int, int] | None:
    """What tells one namespace from another; None when there is none at `path`."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def exists(name: str) -> bool:
    """Whether a namespace is mounted under `name`."""
    point = NAMES / name
    return point.exists() and point.stat().st_dev != NAMES.stat().st_dev


def create(name: str) -> Path:
    """Makes the namespace `name` with its loopback up, as `ip netns add` does; keeps one that is there."""
    point = NAMES / name
    if exists(name):
        return point
    _prepare_directory()
    point.touch(mode=0o444)
    failure: list[BaseException] = []
    worker = threading.Thread(target=_mount_new, args=(point, failure), name=f"netns-{name}")
    worker.start()
    worker.join()
    if failure:
        point.unlink()
        raise failure[0]
    return point


def delete(name: str) -> None:
    """Removes the namespace `name`; nothing happens when there is none."""
    point = NAMES / name
    unmounted = _LIBC.umount2(os.fsencode(point), _MNT_DETACH)
    if ctypes.get_errno() not in {errno.EINVAL, errno.ENOENT}:  # these two: nothing is mounted there
        _check(unmounted, f"unmount network namespace {name}")
    point.unlink(missing_ok=True)


def _mount_new(point: Path, failure: list[BaseException]) -> None:
    """Runs in a thread of its own, which ends in the new namespace."""
    try:
        _check(_LIBC.unshare(_CLONE_NEWNET), "make a network namespace")
        _mount(f"/proc/self/task/{threading.get_native_id()}/ns/net", point, _MS_BIND)
        with Netlink() as netlink:
            links.set_up(netlink, "lo")
    except (KernelError, OSError) as error:
        failure.append(error)


def _prepare_directory() -> None:
    """The mount point must be shared so that other mount namespaces see the names."""
    NAMES.mkdir(parents=True, exist_ok=True)
    if _LIBC.mount(b"", os.fsencode(NAMES), b"none", _MS_SHARED | _MS_REC, None):
        _mount(str(NAMES), NAMES, _MS_BIND | _MS_REC)
        _check(_LIBC.mount(b"", os.fsencode(NAMES), b"none", _MS_SHARED | _MS_REC, None), f"share {NAMES}")


def _mount(source: str, target: Path, flags: int) -> None:
    result = _LIBC.mount(source.encode(), os.fsencode(target), b"none", flags, None)
    _check(result, f"mount {source} on {target}")


@contextmanager
def _return_to_here() -> Iterator[None]:
    home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        if _LIBC.setns(home, _CLONE_NEWNET):
            os.abort()
        os.close(home)


def _check(result: int, what: str) -> None:
    if result:
        code = ctypes.get_errno()
        raise KernelError(f"{what}: {os.strerror(code).lower()}")
