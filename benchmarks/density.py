"""How long until many pods run, and what does a cluster cost when nothing happens?

`proa up --nodes 3` in folders of its own: a Deployment of 50 pods is scaled from 0, then one of 500, all
of the pause program. Prints seconds until all are Running, then the CPU of proa's own processes (server,
agents, supervisor) and of containerd and its shims over a minute of rest, in percent of a core, and what
each uses of memory. Needs root and a machine without a cluster.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.cluster import Cluster, eventually

_PATIENCE = 300.0
_TICKS = os.sysconf("SC_CLK_TCK")


def deployment(name: str) -> dict[str, object]:
    container = {"name": "c", "image": "docker.io/proa/pause:1", "imagePullPolicy": "IfNotPresent"}
    labels = {"app": name}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def scaled(cluster: Cluster, name: str, pods: int) -> float:
    """Seconds until so many pods of a new Deployment are ready."""
    cluster.apply(deployment(name))
    began = time.perf_counter()
    cluster.kubectl("scale", f"deployment/{name}", f"--replicas={pods}")
    while (running := ready(cluster, name)) < pods:
        taken = time.perf_counter() - began
        print(f"  {taken:5.0f} s: {running} of {pods} pods", file=sys.stderr, flush=True)
        if taken > _PATIENCE:
            sys.exit(f"{running} of {pods} pods after {taken:.0f} s")
        time.sleep(min(5.0, 0.1 + taken / 20))
    return time.perf_counter() - began


def ready(cluster: Cluster, name: str) -> int:
    told = cluster.kubectl("get", "deployment", name, "-o", "jsonpath={.status.readyReplicas}").stdout
    return int(told or 0)


def processes(cluster: Cluster) -> dict[int, str]:
    """Pid and part of what belongs to the cluster."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if not any(str(cluster.home) in word for word in words) or int(folder.name) == os.getpid():
            continue
        kinds: list[tuple[str, Callable[[str], bool]]] = [
            ("shims", lambda word: "containerd-shim" in word),
            ("containerd", lambda word: word.endswith("containerd")),
            ("server", lambda word: word.endswith("parts.server")),
            ("agents", lambda word: word.endswith("parts.agent")),
            ("supervisor", lambda word: word.endswith("proa.supervisor")),
        ]
        found[int(folder.name)] = next((k for k, is_it in kinds if any(map(is_it, words))), "other")
    return found


def used(pids: dict[int, str]) -> dict[str, tuple[float, float]]:
    """CPU seconds and MB by part."""
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for pid, part in pids.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
        totals[part][0] += (int(fields[11]) + int(fields[12])) / _TICKS
        totals[part][1] += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return {part: (cpu, memory) for part, (cpu, memory) in totals.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3, help="of the scaling from 0 to 50")
    parser.add_argument("--rest", type=float, default=60.0, help="seconds of rest that are measured")
    chosen = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="density"))
    cluster = Cluster(home)
    try:
        cluster.proa("up", "--nodes", "3", "--max-pods", "250")
        scalings = []
        for number in range(chosen.runs):
            scalings.append(scaled(cluster, f"few-{number}", 50))
            cluster.kubectl("delete", "deployment", f"few-{number}")
            eventually(lambda: not cluster.get("pods")["items"])
        print(f"50 pods from 0: {statistics.median(scalings):.1f} s", flush=True)
        many = scaled(cluster, "many", chosen.pods)
        print(f"{chosen.pods} pods from 0: {many:.1f} s", flush=True)
        time.sleep(20)
        pids = processes(cluster)
        before = used(pids)
        time.sleep(chosen.rest)
        after = used(pids)
        rows = {
            part: {"cpu_percent": (cpu - before[part][0]) / chosen.rest * 100, "memory_mb": memory}
            for part, (cpu, memory) in sorted(after.items())
        }
        for part, row in rows.items():
            print(f"{part:11} {row['cpu_percent']:5.2f} % of a core, {row['memory_mb']:6.0f} MB")
        own = sum(rows[part]["cpu_percent"] for part in ("server", "agents", "supervisor"))
        print(f"proa's own  {own:5.2f} % of a core")
        figures = {"scale_50_s": scalings, "scale_many_s": many, "pods": chosen.pods, "rest": rows}
        print(json.dumps(figures | {"kernel": platform.release(), "python": platform.python_version()}))
    finally:
        cluster.throw_away()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
