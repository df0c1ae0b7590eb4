"""How long does a pod that goes get new connections, in a whole cluster?

`proa up --nodes 3` in folders of its own; from every node connections to a Service of two pods are opened one
after the other. Measured is the time from the request to the API server until the last connection is begun,
on any node, that the pod answers (it answers on for 2 s) or that fails: when its readiness gate is closed,
when it is deleted, and when `kubectl delete` is started (its own start included). Needs root and a machine
without a cluster.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from proa.kernel import netns
from proa.kube import PODS, SERVICES, HttpClient, PatchType
from proa.kube.config import load_config
from support.cluster import Cluster, eventually
from support.last_answer import Asker, gate, lingering

_STAYS, _GOES = "stays", "goes"


class Bench:
    """The two pods, asked from all nodes."""

    def __init__(self, cluster: Cluster, askers: list[Asker]) -> None:
        self._cluster = cluster
        self._askers = askers

    def start(self) -> None:
        """The pod that goes is there and answers."""
        self._cluster.apply(lingering(_GOES, "node-1", "gone"))
        self.open(_GOES)

    def open(self, name: str) -> None:
        self._cluster.wait(f"pod/{name}", "jsonpath={.status.phase}=Running")
        self.set_gate(name, is_open=True)
        self._cluster.wait(f"pod/{name}", "condition=Ready")

    def set_gate(self, name: str, *, is_open: bool) -> None:
        asyncio.run(self._patch(name, is_open))

    def delete(self) -> None:
        asyncio.run(self._delete())

    def kubectl_delete(self) -> None:
        self._cluster.kubectl("delete", "pod", _GOES, "--wait=false")

    def taken(self, goes: Callable[[], None]) -> float:
        """Milliseconds from this call until the last connection that the pod got."""
        eventually(lambda: self._answering() == {_STAYS, _GOES})
        began = time.monotonic()
        goes()
        eventually(lambda: self._answering() == {_STAYS})
        return max(0.0, max(asker.last(_GOES) for asker in self._askers) - began) * 1e3

    def _answering(self) -> set[str]:
        return set.intersection(*({who for _, who in asker.answers[-30:]} for asker in self._askers))

    async def _patch(self, name: str, is_open: bool) -> None:
        client = HttpClient(load_config(self._cluster.kubeconfig))
        await client.patch(
            PODS, name, gate(is_open), "default", subresource="status", kind=PatchType.STRATEGIC
        )
        await client.close()

    async def _delete(self) -> None:
        client = HttpClient(load_config(self._cluster.kubeconfig))
        await client.delete(PODS, _GOES, "default")
        await client.close()


def measure(bench: Bench, cluster: Cluster, runs: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"not ready": [], "deleted": [], "kubectl delete": []}
    for _ in range(runs):
        bench.start()
        times["not ready"].append(bench.taken(lambda: bench.set_gate(_GOES, is_open=False)))
        bench.open(_GOES)
        times["deleted"].append(bench.taken(bench.delete))
        cluster.wait(f"pod/{_GOES}", "delete")
        bench.start()
        times["kubectl delete"].append(bench.taken(bench.kubectl_delete))
        cluster.wait(f"pod/{_GOES}", "delete")
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    chosen = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="gone"))
    cluster = Cluster(home)
    service = {
        "apiVersion": SERVICES.api_version,
        "kind": SERVICES.kind,
        "metadata": {"name": "gone"},
        "spec": {"selector": {"app": "gone"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    try:
        cluster.proa("up", "--nodes", "3")
        cluster.apply(lingering(_STAYS, "node-2", "gone"), service)
        address = str(cluster.get("service", "gone")["spec"]["clusterIP"])
        with ExitStack() as stack:
            places = [netns.NAMES / f"proa-node-{number}" for number in (1, 2, 3)]
            bench = Bench(cluster, [stack.enter_context(Asker(place, address)) for place in places])
            bench.open(_STAYS)
            times = measure(bench, cluster, chosen.runs)
        for name, each in times.items():
            print(f"{name:15} median {statistics.median(each):6.1f} ms, worst {max(each):6.1f} ms")
        print(json.dumps({"kernel": platform.release(), "python": platform.python_version(), "ms": times}))
    finally:
        cluster.throw_away()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
