"""The processes of a cluster of ours, and how they end without warning."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.cluster import Cluster, eventually


def pid_of(cluster: Cluster, part: str) -> int:
    (file,) = (cluster.run / "supervisor").glob(f"{part}*.json")
    return int(json.loads(file.read_text())["pid"])


def kill(cluster: Cluster, part: str) -> None:
    """Kill a part and wait until another process has taken its place."""
    before = pid_of(cluster, part)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: pid_of(cluster, part) != before)


def lose(cluster: Cluster, node: str) -> None:
    """As when a machine loses its power: the node's cable, agent, containerd and pods end at once.

    The supervisor, which would start them again, ends first; the other parts do not need it.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid_of(cluster, "supervisor"), signal.SIGKILL)
    subprocess.run(["ip", "-n", f"proa-{node}", "link", "set", "eth0", "down"], check=True)
    for part in (f"agent-{node}", f"containerd-{node}"):
        os.kill(pid_of(cluster, part), signal.SIGKILL)
    for pid in _processes(f"/proa/{node}/"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def process_of(uid: str) -> int:
    """A process of the pod with this uid."""
    return next(_processes(uid))


def _processes(part_of_cgroup: str) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if part_of_cgroup in (process / "cgroup").read_text():
                yield int(process.name)
