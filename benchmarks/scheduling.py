"""How many pods a second get a node?

500 pods wait in front of 100 made-up nodes, without kubelets and controllers; then the scheduler starts. Ours
runs in the process of our API server, as in `proa server`; where they are installed, kube-scheduler runs
beside kube-apiserver and etcd, by turns. Half of the pods want to be spread over zones. Prints pods a second
from the start of the scheduler, which for theirs is that of a program, until a watcher sees the last binding.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import uvloop

from proa.cluster import scheduler
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, write_kubeconfig
from proa.kube import NODES, PODS, SERVICE_ACCOUNTS, HttpClient, Manager, Object, load_config
from support import real_kubernetes
from support.server import api_server

_ZONE = "topology.kubernetes.io/zone"
_DEADLINE = 300.0
_AT_ONCE = 20
Start = Callable[[], AbstractContextManager[None]]
"""Starts the scheduler of a contestant."""


def node(number: int) -> Object:
    room = {"cpu": "16", "memory": "64Gi", "pods": "110"}
    labels = {_ZONE: "abc"[number % 3], "kubernetes.io/hostname": f"n{number}"}
    status = {"capacity": room, "allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": f"n{number}", "labels": labels}, "status": status}


def pod(number: int) -> Object:
    container = {"name": "c", "image": "web", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    spec: Object = {"containers": [container]}
    if number % 2:
        chosen = {"matchLabels": {"app": "web"}}
        spread = {"maxSkew": 5, "topologyKey": _ZONE, "whenUnsatisfiable": "DoNotSchedule"}
        spec["topologySpreadConstraints"] = [spread | {"labelSelector": chosen}]
    return {"metadata": {"name": f"p{number}", "labels": {"app": "web"}}, "spec": spec}


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[tuple[HttpClient, Start]]:
    """Our server in a process of its own; a line on its input starts the scheduler in it."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with administrators_client(folder, int(await process.stdout.readline())) as client:
            yield client, partial(_say_go, process.stdin)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def administrators_client(folder: Path, port: int) -> AsyncIterator[HttpClient]:
    """A client with all rights at a server of ours, whose authority is in the folder."""
    authority, admin = Authority.open(folder), KeyPair.at(folder, "admin")
    authority.issue(Leaf("admin", ("system:masters",)), admin)
    path = folder / "kubeconfig"
    write_kubeconfig(path, f"https://127.0.0.1:{port}", authority.files.certificate, admin, "admin")
    client = HttpClient(load_config(path))
    try:
        yield client
    finally:
        await client.close()


def _say_go(stdin: asyncio.StreamWriter) -> AbstractContextManager[None]:
    stdin.write(b"go\n")
    return nullcontext()


@asynccontextmanager
async def theirs(folder: Path) -> AsyncIterator[tuple[HttpClient, Start]]:
    """kube-apiserver with etcd, and kube-scheduler."""
    async with real_kubernetes.kube_apiserver(folder) as client:
        yield client, partial(real_kubernetes.scheduler, folder)


async def serve(folder: Path) -> None:
    """What `ours` starts."""
    async with api_server(folder) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        manager = Manager(server.client())
        scheduler.setup(manager)
        await manager.run()


async def measured(client: HttpClient, start: Start, nodes: int, pods: int) -> float:
    """Pods a second."""
    await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
    limit = asyncio.Semaphore(_AT_ONCE)

    async def add_node(number: int) -> None:
        async with limit:
            made = node(number)
            await client.create(NODES, {"metadata": made["metadata"]})
            await client.patch(NODES, f"n{number}", {"status": made["status"]}, subresource="status")
            await client.patch(NODES, f"n{number}", {"spec": {"taints": None}})

    async def add_pod(number: int) -> None:
        async with limit:
            await client.create(PODS, pod(number), "default")

    await asyncio.gather(*map(add_node, range(nodes)))
    await asyncio.gather(*map(add_pod, range(pods)))
    manager = Manager(client)
    bound: set[str] = set()
    done, loop = asyncio.Event(), asyncio.get_running_loop()

    def seen(old: Object | None, new: Object | None) -> None:  # noqa: ARG001 - the form of all
        if new is not None and new["spec"].get("nodeName"):
            bound.add(new["metadata"]["name"])
            if len(bound) == pods:
                done.set()

    informer = manager.informer(PODS)
    informer.on_change(seen)
    watching = asyncio.create_task(manager.run())
    await informer.wait_synced()
    began = loop.time()
    with start():
        async with asyncio.timeout(_DEADLINE):
            await done.wait()
        taken = loop.time() - began
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return pods / taken


async def main(rounds: int, nodes: int, pods: int) -> None:
    contestants = {"proa": ours}
    if missing := real_kubernetes.missing_programs():
        print(f"proa alone: {missing} not installed (scripts/peers)")
    else:
        contestants["kube-scheduler"] = theirs
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            with tempfile.TemporaryDirectory() as folder:
                async with contestant(Path(folder)) as (client, start):
                    found[name].append(await measured(client, start, nodes, pods))
    for name, rates in found.items():
        print(f"{name:16} {statistics.median(rates):8.0f} pods/s  {[round(rate) for rate in rates]}")
    print(json.dumps({"pods": pods, "nodes": nodes, "rates": found, "kernel": platform.release()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--pods", type=int, default=500)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        uvloop.run(serve(chosen.serve))
    else:
        asyncio.run(main(chosen.rounds, chosen.nodes, chosen.pods))
