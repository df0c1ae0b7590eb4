"""The real kube-proxy on our API server: it lists and watches, and its rules follow what is written."""

from __future__ import annotations

import asyncio
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, write_kubeconfig
from proa.kernel import netns
from proa.kube import ENDPOINT_SLICES, NODES, SERVICES, Client, HttpClient, load_config
from support import server
from support.api_process import api_process
from support.kube_proxy import kube_proxy
from support.real_kubernetes import missing_programs
from support.service_lab import NODE, Lab, ask, lab, run
from support.service_objects import endpoint, endpoint_slice

_MISSING = missing_programs("kube-proxy")
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.root,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
]
NEAR, FAR = endpoint("10.42.1.1"), endpoint("10.42.2.1", "peer")
_FIRST_START = "Failed to list existing sets"
"""What it says of every kernel that does not have its table yet."""
PORT = {"name": "http", "port": 80, "nodePort": 30080}


@pytest.fixture(params=["nftables", "iptables"])
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Client, Lab, Path]]:
    """A client of our server, and hosts of which one runs kube-proxy; the last is its log."""
    with lab() as hosts:
        hosts.serve(hosts.pod(1), "near", "10.42.1.1")
        hosts.serve(hosts.pod(1, on="peer"), "far", "10.42.2.1")
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(api_process(tmp_path))
            await stack.enter_async_context(relay(hosts.node, api.port))
            authority, admin = Authority.open(tmp_path), KeyPair.at(tmp_path, "admin")
            authority.issue(Leaf("admin", ("system:masters",)), admin)
            write_kubeconfig(tmp_path / "kubeconfig", api.url, authority.files.certificate, admin, "admin")
            client = HttpClient(load_config(tmp_path / "kubeconfig"))
            stack.push_async_callback(client.close)
            await add_node(client)
            log = stack.enter_context(kube_proxy(hosts.node, tmp_path, request.param))
            yield client, hosts, log


@asynccontextmanager
async def relay(path: Path, port: int) -> AsyncIterator[None]:
    """Inside of the namespace the loopback's port leads to that of ours."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, asks), carry(answers, writer))

    run(path, "ip link set lo up")
    with netns.entered(path):
        listener = socket.create_server(("127.0.0.1", port))
    async with await asyncio.start_server(connected, sock=listener):
        yield


async def add_node(client: Client) -> None:
    await client.create(NODES, {"metadata": {"name": "node"}, "spec": {"podCIDR": "10.42.1.0/24"}})
    status = {"addresses": [{"type": "InternalIP", "address": NODE}]}
    await client.patch(NODES, "node", {"status": status}, subresource="status")


async def test_it_serves_what_our_server_holds(cluster: tuple[Client, Lab, Path]) -> None:
    client, hosts, log = cluster
    pod = hosts.pod(2)
    metadata = {"name": "web", "namespace": "default"}
    made = await client.create(
        SERVICES, {"metadata": metadata, "spec": {"type": "NodePort", "ports": [PORT]}}, "default"
    )
    address = made["spec"]["clusterIP"]
    part = endpoint_slice([NEAR, FAR], service_name="web")
    part["metadata"]["namespace"] = "default"
    await client.create(ENDPOINT_SLICES, part, "default")

    def answers(path: Path, where: str, port: int) -> Callable[[], Counter[str]]:
        def asked() -> Counter[str]:
            found: Counter[str] = Counter()
            for _ in range(12):
                with suppress(OSError):
                    found[ask(path, where, port, timeout=0.5)[0]] += 1
            return found

        return asked

    async def eventually(asked: Callable[[], Counter[str]], names: set[str]) -> None:
        async def answered() -> bool:
            return set(await asyncio.to_thread(asked)) == names

        await server.eventually(answered)

    await eventually(answers(pod, address, 80), {"near", "far"})
    await eventually(answers(hosts.client, NODE, 30080), {"near", "far"})
    await client.patch(ENDPOINT_SLICES, part["metadata"]["name"], {"endpoints": [FAR]}, "default")
    await eventually(answers(pod, address, 80), {"far"})
    await client.delete(SERVICES, "web", "default")
    await eventually(answers(hosts.client, NODE, 30080), set())
    faults = re.findall(r"^E.*$", log.read_text(), re.MULTILINE)
    assert [fault for fault in faults if _FIRST_START not in fault] == []
