"""The Service kube-dns on a real API server, and a server that follows it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dnslib import DNSRecord

from proa.cluster import dns
from proa.cluster.dns.kube_dns import NAME, NAMESPACE, endpoint_slice
from proa.cluster.dns.wire import parse_query
from proa.kube import ENDPOINT_SLICES, ENDPOINTS, NODES, SERVICES, Client, Manager, Object
from support.memory_client import MemoryClient
from support.objects import READY, node
from support.server import api_server, background, eventually, running
from support.service_objects import endpoint, service
from support.service_objects import endpoint_slice as slice_of

SILENT = [{"type": "Ready", "status": "Unknown"}]


def addressed(name: str, ip: str, conditions: list[Object]) -> Object:
    made = node(name, conditions=conditions)
    made["status"]["addresses"] = [
        {"type": "Hostname", "address": name},
        {"type": "InternalIP", "address": ip},
    ]
    return made


def test_each_node_prefers_its_own_server_and_silent_ones_take_nothing() -> None:
    made = endpoint_slice([addressed("b", "10.44.0.12", SILENT), addressed("a", "10.44.0.11", READY)])
    assert [
        (e["addresses"][0], e["conditions"]["ready"], e["hints"]["forNodes"][0]["name"])
        for e in made["endpoints"]
    ] == [("10.44.0.11", True, "a"), ("10.44.0.12", False, "b")]


async def put_node(client: Client, made: Object) -> None:
    status = made.pop("status")
    del made["metadata"]["uid"]
    await client.create(NODES, made)
    await client.patch(NODES, made["metadata"]["name"], {"status": status}, subresource="status")


async def test_kube_dns_is_there_and_follows_nodes(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        async with running(client, lambda manager: dns.setup(manager, ["10.43.0.10"])):

            async def addresses() -> list[str]:
                parts = await client.list(ENDPOINT_SLICES, NAMESPACE, field_selector=f"metadata.name={NAME}")
                return [e["addresses"][0] for part in parts["items"] for e in part.get("endpoints") or ()]

            async def has(*wanted: str) -> bool:
                return await addresses() == list(wanted)

            await put_node(client, addressed("a", "10.44.0.11", READY))
            await eventually(lambda: has("10.44.0.11"))
            await put_node(client, addressed("b", "10.44.0.12", READY))
            await eventually(lambda: has("10.44.0.11", "10.44.0.12"))
            made = await client.get(SERVICES, NAME, NAMESPACE)
            assert made["spec"]["clusterIP"] == "10.43.0.10"
            ports = [(port["name"], port["port"], port["protocol"]) for port in made["spec"]["ports"]]
            assert ports == [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP")]

            async def legacy() -> bool:
                found = await client.get(ENDPOINTS, NAME, NAMESPACE)
                return len((found.get("subsets") or [{}])[0].get("addresses") or ()) == 2

            await eventually(legacy)
            await client.delete(ENDPOINT_SLICES, NAME, NAMESPACE)
            await eventually(lambda: has("10.44.0.11", "10.44.0.12"))


async def test_a_cluster_that_gets_a_second_family_has_dns_in_both(tmp_path: Path) -> None:
    both = ("10.43.0.10", "fd00:43::a")
    made = addressed("a", "10.44.0.11", READY)
    made["status"]["addresses"].append({"type": "InternalIP", "address": "fd00:44::11"})
    async with (
        api_server(tmp_path) as server,
        running(server.client(), lambda manager: dns.setup(manager, both[:1])),
    ):
        await put_node(server.client(), made)
        await eventually(lambda: _addresses(server.client(), [both[0]]))
    async with api_server(tmp_path, service_cidr=("10.43.0.0/16", "fd00:43::/112")) as server:
        client = server.client()
        async with running(client, lambda manager: dns.setup(manager, both)):
            await eventually(lambda: _addresses(client, list(both)))

            async def behind() -> dict[str, list[str]]:
                parts = await client.list(ENDPOINT_SLICES, NAMESPACE)
                found = ((p["addressType"], p.get("endpoints") or ()) for p in parts["items"])
                return {kind: [each["addresses"][0] for each in listed] for kind, listed in found}

            async def both_families() -> bool:
                return await behind() == {"IPv4": ["10.44.0.11"], "IPv6": ["fd00:44::11"]}

            await eventually(both_families)


async def _addresses(client: Client, wanted: list[str]) -> bool:
    found = (await client.list(SERVICES, NAMESPACE))["items"]
    return [each["spec"]["clusterIPs"] for each in found] == [wanted]


async def test_names_follow_services_and_slices(tmp_path: Path) -> None:
    api = MemoryClient()
    api.put(SERVICES, service())
    config = dns.DnsConfig(("127.0.0.1",), port=0, metrics_port=0, resolv_conf=tmp_path / "none")
    manager = Manager(api.client)
    server = dns.DnsServer(manager, config)

    def addresses(name: str) -> list[str]:
        query = parse_query(bytes(DNSRecord.question(f"{name}.d.svc.cluster.local").pack()))
        answer = server._responder.known(query, 512)
        return sorted(str(record.rdata) for record in DNSRecord.parse(answer or b"").rr)

    async with background(manager.run()), background(server.run()):
        async with asyncio.timeout(2):
            await server.ready.wait()
        assert addresses("web") == ["10.43.0.50"]
        api.put(SERVICES, service("db", ip="None"))
        api.put(ENDPOINT_SLICES, slice_of([endpoint("10.42.1.1")], service_name="db"))

        async def is_now(name: str, wanted: list[str]) -> bool:
            return addresses(name) == wanted

        await eventually(lambda: is_now("db", ["10.42.1.1"]))
        api.put(ENDPOINT_SLICES, slice_of([endpoint("10.42.1.2")], service_name="db"))
        await eventually(lambda: is_now("db", ["10.42.1.2"]))
        api.drop(SERVICES, "d/web")
        await eventually(lambda: is_now("web", []))
