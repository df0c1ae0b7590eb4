"""How long until a Deployment of 50 pods, scaled from 0, has a node for each?

The half of it that is not containers (benchmarks/density.py measures the whole): API server, controllers and
scheduler, in front of ten made-up nodes without kubelets. Ours run in one process, as in `proa server`; where
they are installed, kube-apiserver with etcd, kube-controller-manager and kube-scheduler take turns. Prints
seconds from the request to scale until the last pod is bound, as a watcher sees it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import uvloop

from proa.cluster import controllers, scheduler
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS
from proa.kube import NODES, PODS, SERVICE_ACCOUNTS, HttpClient, Manager, Object
from scheduling import administrators_client, node
from support import real_kubernetes
from support.server import api_server, eventually
from support.workloads import workload

_DEADLINE = 120.0
_NODES = 10


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[HttpClient]:
    """Server, controllers and scheduler in a process of their own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--serve", str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with administrators_client(folder, int(await process.stdout.readline())) as client:
            yield client
    finally:
        process.kill()
        await process.wait()


async def serve(folder: Path) -> None:
    """What `ours` starts."""
    async with api_server(folder) as server:
        manager = Manager(server.client())
        controllers.setup(manager, controllers.ControllersConfig())
        scheduler.setup(manager)
        print(server.port, flush=True)
        await manager.run()


@asynccontextmanager
async def theirs(folder: Path) -> AsyncIterator[HttpClient]:
    async with real_kubernetes.control_plane(folder) as client:
        yield client


async def ready_nodes(client: HttpClient) -> None:
    for number in range(_NODES):
        made = node(number)
        await client.create(NODES, {"metadata": made["metadata"]})
        await client.patch(NODES, f"n{number}", {"status": made["status"]}, subresource="status")
        await client.patch(NODES, f"n{number}", {"spec": {"taints": None}})


async def scaled(client: HttpClient, name: str, pods: int) -> float:
    """Seconds until all pods of a new Deployment are bound."""
    made = workload("Deployment", name, replicas=0)
    await client.create(DEPLOYMENTS, made, "default")
    manager, bound, done = Manager(client), set[str](), asyncio.Event()

    def seen(old: Object | None, new: Object | None) -> None:  # noqa: ARG001 - the form of all
        if new is not None and new["spec"].get("nodeName"):
            bound.add(new["metadata"]["name"])
            if len(bound) == pods:
                done.set()

    informer = manager.informer(PODS)
    informer.on_change(seen)
    watching = asyncio.create_task(manager.run())
    await informer.wait_synced()
    began = asyncio.get_running_loop().time()
    await client.patch(DEPLOYMENTS, name, {"spec": {"replicas": pods}}, "default")
    async with asyncio.timeout(_DEADLINE):
        await done.wait()
    taken = asyncio.get_running_loop().time() - began
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await client.delete(DEPLOYMENTS, name, "default")
    return taken


async def measured(client: HttpClient, pods: int) -> float:
    await ready_nodes(client)

    async def account() -> bool:
        return bool((await client.list(SERVICE_ACCOUNTS, "default"))["items"])

    await eventually(account, "the service account")
    return await scaled(client, "web", pods)


async def main(rounds: int, pods: int) -> None:
    contestants = {"proa": ours}
    if missing := real_kubernetes.missing_programs():
        print(f"proa alone: {missing} not installed (scripts/peers)")
    else:
        contestants["kubernetes"] = theirs
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            with tempfile.TemporaryDirectory() as folder:
                async with contestant(Path(folder)) as client:
                    found[name].append(await measured(client, pods))
    for name, times in found.items():
        print(f"{name:12} {statistics.median(times):6.2f} s  {[round(time, 2) for time in times]}")
    load = os.getloadavg()[0]
    print(json.dumps({"pods": pods, "seconds": found, "load": load, "kernel": platform.release()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pods", type=int, default=50)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        uvloop.run(serve(chosen.serve))
    else:
        asyncio.run(main(chosen.rounds, chosen.pods))
