"""Takes a cluster off this machine: processes, mounts, cgroups, network; what is ours, by folder or name."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from proa.errors import KernelError
from proa.kernel import netns, sysctl
from proa.machine import claim, mounts, record
from proa.machine import nodes as topology
from proa.machine.keeper import keeper
from proa.machine.layout import Layout
from proa.machine.plan import Node
from proa.network.cleanup import cleanup
from proa.settings import Settings

CGROUPS = Path("/sys/fs/cgroup")
GRACE = 2.0
"""Seconds that containers have to end by themselves."""


def take_down(layout: Layout) -> bool:
    """Stop and remove all that runs; the state in the data folder stays. False when nothing was up."""
    known = record.read(layout)
    if known is None:
        return False
    nodes = known.nodes
    keeper(layout, nodes).stop()
    end_pods(layout, nodes)
    mounts.detach_below(layout.run, layout.data)
    topology.disconnect(nodes)
    for node in nodes:
        cleanup(cni_conf_dir=layout.node(node.name).network_config)
    if not known.named_namespaces:
        _forget_names()
    sysctl.restore(known.before)
    record.forget(layout)
    claim.give_up(layout)
    shutil.rmtree(layout.run, ignore_errors=True)
    return True


def purge(settings: Settings, layout: Layout) -> None:
    """Remove the state too: database, certificates, images, logs and local volumes."""
    if mounted := mounts.below(layout.data):
        raise KernelError(f"{mounted[0]} is still mounted, so nothing below {layout.data} was removed")
    for name in ("server", "agent", "images", "log", "storage"):
        shutil.rmtree(layout.data / name, ignore_errors=True)
    with contextlib.suppress(OSError):  # a folder with something else in it stays
        layout.data.rmdir()
    settings.write_kubeconfig.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        settings.write_kubeconfig.parent.rmdir()


def end_pods(layout: Layout, nodes: Sequence[Node]) -> None:
    """End the containers of these nodes, their shims, and remove their cgroups."""
    groups = [folder for node in nodes for folder in _cgroups(node.name)]
    pids = {pid for group in groups for pid in _members(group)}
    _signal(pids, signal.SIGTERM)
    _wait(pids, GRACE)
    shims = {pid for node in nodes for pid in _shims(layout.node(node.name).containerd_socket)}
    _signal(pids | shims, signal.SIGKILL)
    _wait(pids | shims, 5.0)
    for group in groups:
        _remove_cgroup(group)
    for controller in _controllers():
        with contextlib.suppress(OSError):  # others may have nodes there
            (controller / "proa").rmdir()


def _forget_names() -> None:
    """Unmount the folder of named namespaces, unless somebody keeps one there by now."""
    if mounts.is_point(netns.NAMES) and not any(netns.NAMES.iterdir()):
        subprocess.run(["umount", str(netns.NAMES)], check=False)
        netns.NAMES.rmdir()


def _controllers() -> list[Path]:
    """The roots of the cgroup hierarchies: one per controller in version 1, a single one in version 2."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [folder for folder in CGROUPS.iterdir() if folder.is_dir() and not folder.is_symlink()]


def _cgroups(node: str) -> list[Path]:
    folders = [controller / "proa" / node for controller in _controllers()]
    return [folder for folder in folders if folder.is_dir()]


def _members(group: Path) -> Iterator[int]:
    for procs in group.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            yield from map(int, procs.read_text().split())


def _remove_cgroup(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()


def _shims(socket: Path) -> Iterator[int]:
    """The shims of a containerd: each names its socket in its arguments."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if (
                Path(os.fsdecode(words[0])).name.startswith("containerd-shim")
                and os.fsencode(socket) in words
            ):
                yield int(folder.name)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait(pids: Iterable[int], seconds: float) -> None:
    """Wait until the processes are gone; they are no children of ours, so ask /proc."""
    left, deadline = set(pids), time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if _runs(pid)}
        time.sleep(0.01 if left else 0)


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in "ZX"
