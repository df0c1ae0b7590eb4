"""One node's Services through our proxy and through the real kube-proxy: everyone meets the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from proa.kernel import netns
from proa.kube import Object
from proa.services import cleanup
from support.kube_proxy import kube_proxy
from support.real_kubernetes import missing_programs
from support.server import eventually
from support.service_api import PORT, Api, serving
from support.service_lab import CLIENT, NODE, Lab, ask, lab, run
from support.service_objects import endpoint, endpoint_slice, service

_MISSING = missing_programs("kube-proxy")
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.root,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
]
KUBECONFIG = f"""
apiVersion: v1
kind: Config
clusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{PORT}'}}}}]
users: [{{name: a, user: {{}}}}]
contexts: [{{name: a, context: {{cluster: a, user: a}}}}]
current-context: a
"""
NEAR, FAR = endpoint("10.42.1.1"), endpoint("10.42.2.1", "peer")
ENDING: dict[str, Any] = {"ready": False, "terminating": True}
DEFAULTS = {"internalTrafficPolicy": "Cluster", "externalTrafficPolicy": "Cluster", "sessionAffinity": "None"}
LOCAL = {"externalTrafficPolicy": "Local"}


def hinted(one: Object, zone: str) -> Object:
    return one | {"zone": zone, "hints": {"forZones": [{"name": zone}]}}


CASES: dict[str, tuple[Object, list[Object]]] = {
    "plain": ({}, [NEAR, FAR]),
    "alone": ({}, [NEAR]),
    "nobody": ({}, []),
    "external local": (LOCAL, [NEAR, FAR]),
    "external local elsewhere": (LOCAL, [FAR]),
    "external local alone": (LOCAL, [NEAR]),
    "internal local": ({"internalTrafficPolicy": "Local"}, [NEAR, FAR]),
    "internal local elsewhere": ({"internalTrafficPolicy": "Local"}, [FAR]),
    "all ending": ({}, [endpoint("10.42.1.1", **ENDING), endpoint("10.42.2.1", "peer", **ENDING)]),
    "one ending": ({}, [endpoint("10.42.1.1", **ENDING), FAR]),
    "external local ending": (LOCAL, [endpoint("10.42.1.1", **ENDING), FAR]),
    "ended": ({}, [endpoint("10.42.1.1", serving=False, **ENDING)]),
    "source ranges of others": ({"loadBalancerSourceRanges": ["192.0.2.0/24"]}, [NEAR, FAR]),
    "source ranges of the client": ({"loadBalancerSourceRanges": [f"{CLIENT}/32"]}, [NEAR, FAR]),
    "source ranges of the node": ({"loadBalancerSourceRanges": [f"{NODE}/32"]}, [NEAR, FAR]),
    "a zone of its own": ({}, [hinted(NEAR, "z2"), hinted(FAR, "z1")]),
    "a zone of nobody": ({}, [hinted(NEAR, "z2"), hinted(FAR, "z2")]),
    "affinity": (
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}},
        [NEAR],
    ),
}
_NODE = {
    "metadata": {"name": "node", "uid": "n", "labels": {"topology.kubernetes.io/zone": "z1"}},
    "spec": {"podCIDR": "10.42.1.0/24"},
    "status": {"addresses": [{"type": "InternalIP", "address": NODE}]},
}


def ways(number: int) -> dict[str, tuple[str, int]]:
    return {
        "cluster": (f"10.43.1.{number}", 80),
        "another port": (f"10.43.1.{number}", 81),
        "node": (NODE, 30100 + number),
        "external": (f"10.99.1.{number}", 80),
        "balancer": (f"10.99.2.{number}", 80),
        "balancer that is a proxy": (f"10.99.3.{number}", 80),
    }


def objects() -> Iterator[tuple[str, Object]]:
    yield "nodes", _NODE
    yield "servicecidrs", {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.43.0.0/16"]}}
    for number, (spec, endpoints) in enumerate(CASES.values(), 1):
        name = f"s{number}"
        ports = [{"name": "http", "port": 80, "protocol": "TCP", "nodePort": 30100 + number}]
        ingress = [
            {"ip": f"10.99.2.{number}", "ipMode": "VIP"},
            {"ip": f"10.99.3.{number}", "ipMode": "Proxy"},
        ]
        external = [f"10.99.1.{number}"]
        given = DEFAULTS | spec | {"type": "LoadBalancer", "externalIPs": external, "ingress": ingress}
        yield "services", service(name, ip=f"10.43.1.{number}", ports=ports, **given)
        yield "endpointslices", endpoint_slice(endpoints, service_name=name)


def meets(path: Path, own: str, address: str, port: int) -> set[str]:
    """Who answers and whom it sees, or what happens instead."""
    found = set()
    for _ in range(20):
        try:
            name, source = ask(path, address, port, timeout=0.7)
        except OSError as fault:
            return {"silence" if isinstance(fault, TimeoutError) else "refused"}
        found.add(f"{name} sees {'the client' if source == own else 'a node'}")
    return found


def all_meet(hosts: Lab, pods: dict[str, tuple[Path, str]]) -> dict[str, set[str]]:
    clients = pods | {"node": (hosts.node, NODE), "outsider": (hosts.client, CLIENT)}
    asked = {
        f"{case}, {way}, {client}": (path, own, address, port)
        for number, case in enumerate(CASES, 1)
        for way, (address, port) in ways(number).items()
        for client, (path, own) in clients.items()
        if client != "outsider" or way != "another port"
    }
    with ThreadPoolExecutor(8) as threads:
        return dict(zip(asked, threads.map(lambda each: meets(*each), asked.values()), strict=True))


@pytest.fixture
def hosts() -> Iterator[Lab]:
    with lab() as made:
        made.serve(made.pod(1), "near", "10.42.1.1")
        made.serve(made.pod(1, on="peer"), "far", "10.42.2.1")
        run(made.node, "ip link set lo up", "ip route add blackhole 10.99.3.0/24")
        yield made


async def test_everyone_meets_the_same(hosts: Lab, tmp_path: Path) -> None:
    pods = {"a pod": (hosts.pod(2), "10.42.1.2")}
    for resource, obj in objects():
        if resource != "servicecidrs":
            hosts.put(resource, obj)
    hosts.start()
    ours = await asyncio.to_thread(all_meet, hosts, pods)
    hosts.kill()
    with netns.entered(hosts.node):
        cleanup()
    api = Api()
    for resource, obj in objects():
        api.put(resource, obj)
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    async with serving(api, hosts.node, "127.0.0.1"):
        with kube_proxy(hosts.node, tmp_path, content_type="application/json"):
            zoned = ways(list(CASES).index("a zone of its own") + 1)["cluster"]

            async def serves() -> bool:
                """It knows the node, which it may learn of last."""
                return await asyncio.to_thread(meets, hosts.node, NODE, *zoned) == {"far sees the client"}

            await eventually(serves)
            theirs = await asyncio.to_thread(all_meet, hosts, pods)
    different = [
        f"{who}: {met}, not {theirs[who]}"
        for who, met in ours.items()
        # Its refusals are ICMP messages, of which the kernel sends few a second; ours are resets.
        if theirs[who] != met and (met, theirs[who]) != ({"refused"}, {"silence"})
    ]
    assert not different, "\n".join(different)
