"""`proa up` with both IP families: nodes, pods, Services and DNS have an address of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from support.cluster import Cluster, eventually, http_get, pod

PODS, SERVICES = "10.42.0.0/16,fd42::/48", "10.43.0.0/16,fd43::/112"
FLAGS = ("--nodes", "3", "--cluster-cidr", PODS, "--service-cidr", SERVICES)
NODES = ("node-1", "node-2", "node-3")
SERVE = "mkdir /www; hostname >/www/index.html; exec httpd -f -p 8080 -h /www"
WEB = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {
        "type": "NodePort",
        "ipFamilyPolicy": "PreferDualStack",
        "selector": {"app": "web"},
        "ports": [{"port": 80, "targetPort": 8080}],
    },
}
HOST_PORT = 9080
IPS = {"POD_IPS": "status.podIPs", "HOST_IPS": "status.hostIPs"}


@pytest.fixture(scope="module")
def dual(any_cluster: Cluster) -> Iterator[Cluster]:
    """Web servers on the first two nodes, a client on the third, and a Service of both families."""
    any_cluster.ensure(*FLAGS)
    client = pod("client", nodeName="node-3")
    client["spec"]["containers"][0]["env"] = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in IPS.items()
    ]
    any_cluster.apply(*(web(name) for name in NODES[:2]), client, WEB)
    for name in ("web-node-1", "web-node-2", "client"):
        any_cluster.wait(f"pod/{name}", "condition=Ready")
    yield any_cluster
    any_cluster.kubectl("delete", "service/web", "pod/web-node-1", "pod/web-node-2", "pod/client")


def web(node: str) -> dict[str, Any]:
    made = pod(f"web-{node}", "sh", "-c", SERVE, nodeName=node)
    made["metadata"]["labels"] = {"app": "web"}
    made["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "hostPort": HOST_PORT}]
    return made


def ips(cluster: Cluster, name: str) -> list[str]:
    shown = cluster.kubectl("get", "pod", name, "-o", "jsonpath={.status.podIPs[*].ip}").stdout
    return shown.split()


def bracketed(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def fetch(cluster: Cluster, where: str) -> str:
    return cluster.kubectl("exec", "client", "--", "wget", "-qO-", f"http://{where}/").stdout


def _served(get: Callable[[str], str], where: str) -> bool:
    return get(where).startswith("web-node-")


def test_nodes_have_a_range_and_an_address_of_each_family(dual: Cluster) -> None:
    for number, node in enumerate(dual.get("nodes")["items"], 1):
        four, six = node["spec"]["podCIDRs"]
        assert four.startswith("10.42.")
        assert (six[:4], six[-3:]) == ("fd42", "/64")
        found = [it["address"] for it in node["status"]["addresses"] if it["type"] == "InternalIP"]
        assert found == [f"10.44.0.1{number}", f"fd00:10:44::1{number}"]


def test_a_pod_knows_both_of_its_addresses(dual: Cluster) -> None:
    four, six = ips(dual, "client")
    assert (four[:6], six[:5]) == ("10.42.", "fd42:")
    told = dual.kubectl("exec", "client", "--", "cat", "/etc/hosts").stdout
    assert f"{four}\tclient" in told
    assert f"{six}\tclient" in told
    told = dual.kubectl("exec", "client", "--", "sh", "-c", "echo $POD_IPS $HOST_IPS").stdout
    assert told.split() == [f"{four},{six}", "10.44.0.13,fd00:10:44::13"]


def test_pods_of_two_nodes_reach_each_other_in_both_families(dual: Cluster) -> None:
    for name in ("web-node-1", "web-node-2"):
        for address in ips(dual, name):
            assert fetch(dual, bracketed(address, 8080)) == f"{name}\n"


def test_the_machine_reaches_pods_in_both_families(dual: Cluster) -> None:
    for address in ips(dual, "web-node-1"):
        eventually(partial(_served, http_get, bracketed(address, 8080)), seconds=10)


def test_a_service_answers_on_both_cluster_addresses_and_all_node_ports(dual: Cluster) -> None:
    spec = dual.get("service", "web")["spec"]
    assert spec["ipFamilies"] == ["IPv4", "IPv6"]
    node_port = spec["ports"][0]["nodePort"]
    places = [bracketed(address, 80) for address in spec["clusterIPs"]]
    places += [bracketed(address, node_port) for address in ("10.44.0.12", "fd00:10:44::12")]
    for where in places:
        eventually(partial(_served, partial(fetch, dual), where), seconds=10)
    for address in ("10.44.0.13", "fd00:10:44::13"):  # a node without an endpoint, asked from outside
        assert http_get(bracketed(address, node_port)).startswith("web-node-")


def test_a_host_port_leads_to_the_pod_in_both_families(dual: Cluster) -> None:
    for address in ("10.44.0.11", "fd00:10:44::11"):
        where = bracketed(address, HOST_PORT)
        assert fetch(dual, where) == "web-node-1\n"
        assert http_get(where) == "web-node-1\n"


def test_dns_answers_both_families(dual: Cluster) -> None:
    addresses = dual.get("service", "web")["spec"]["clusterIPs"]
    for kind, address in zip(("a", "aaaa"), addresses, strict=True):
        command = ("nslookup", f"-type={kind}", "web.default.svc.cluster.local")
        assert address in dual.kubectl("exec", "client", "--", *command).stdout
    assert fetch(dual, "web").startswith("web-node-")


def test_endpoint_slices_are_of_one_family_each(dual: Cluster) -> None:
    slices = dual.get("endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
    found = {it["addressType"]: {e["addresses"][0] for e in it["endpoints"]} for it in slices}
    pods = [ips(dual, name) for name in ("web-node-1", "web-node-2")]
    assert found == {"IPv4": {four for four, _ in pods}, "IPv6": {six for _, six in pods}}
