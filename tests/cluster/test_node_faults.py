"""An agent, the server or a whole node ends without warning, under traffic."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Self

import pytest
from dnslib import RCODE, DNSRecord

from support.cluster import Cluster, eventually, http_get, pod
from support.parts import kill, lose, pid_of, process_of

SERVE = "mkdir /www; hostname >/www/index.html; exec httpd -f -p 8080 -h /www"
PROBE = {"httpGet": {"port": 8080}, "periodSeconds": 1}
LOST = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}


def web(replicas: int, **spec: object) -> list[dict[str, object]]:
    """A Deployment of web servers and its Service at node port 30085."""
    container = pod("x", "sh", "-c", SERVE)["spec"]["containers"][0] | {"readinessProbe": PROBE}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1} | spec,
    }
    metadata = {"name": "web"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": template,
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {
                "type": "NodePort",
                "selector": {"app": "web"},
                "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30085}],
            },
        },
    ]


def remove(cluster: Cluster) -> None:
    cluster.kubectl("delete", "deployment,service", "web", "--ignore-not-found", "--timeout=60s")
    eventually(lambda: not cluster.get("pods", "-l", "app=web")["items"])


@pytest.fixture
def service(cluster: Cluster) -> Iterator[str]:
    """Where two web servers answer behind one Service."""
    cluster.apply(*web(2))
    try:
        cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        yield f"{cluster.get('service', 'web')['spec']['clusterIP']}:80"
    finally:
        remove(cluster)


class Traffic:
    """One new connection after the other."""

    def __init__(self, address: str) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._ask(self._address)
                self.answers += 1
            except OSError as fault:
                self.failures.append(str(fault))
            time.sleep(0.002)

    def _ask(self, address: str) -> None:
        http_get(address)


class Lookups(Traffic):
    """One question after the other to the cluster's DNS, as a resolver asks: a refusal is told at once."""

    def _ask(self, address: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(5)
            asker.connect((address, 53))
            asker.send(bytes(DNSRecord.question("web.default.svc.cluster.local").pack()))
            code = DNSRecord.parse(asker.recv(1000)).header.rcode
        if code != RCODE.NOERROR:
            raise OSError(f"the answer is {RCODE.get(code)}")


@pytest.mark.parametrize("part", ["agent", "server"])
def test_services_go_on_while_a_part_is_down(cluster: Cluster, service: str, part: str) -> None:
    asker = pod("asker", "sh", "-c", "while true; do nc -l -p 9000 -e cat; done")
    cluster.apply(asker)
    cluster.wait("pod/asker", "condition=Ready")
    try:
        with (
            socket.create_connection((cluster.pod_address("asker"), 9000), 5) as established,
            Traffic(service) as traffic,
            Lookups("10.43.0.10") as lookups,
        ):
            established.sendall(b"before\n")
            assert established.recv(100) == b"before\n"
            kill(cluster, part)
            eventually(lambda: cluster.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok")
            established.sendall(b"after\n")
            assert established.recv(100) == b"after\n"
            eventually(lambda: service.partition(":")[0] in looked_up(cluster))
        assert traffic.answers > 10
        assert traffic.failures == []
        assert lookups.answers > 10
        assert lookups.failures == []
    finally:
        cluster.kubectl("delete", "pod", "asker", "--timeout=60s")


def looked_up(cluster: Cluster) -> str:
    """What a pod is told about the Service's name; nothing while exec does not work yet."""
    command = ("exec", "asker", "--", "nslookup", "web.default.svc.cluster.local")
    return cluster.kubectl(*command, check=False).stdout


def test_names_and_services_stay_while_the_server_is_down(cluster: Cluster, service: str) -> None:
    cluster.apply(pod("asker"))
    cluster.wait("pod/asker", "condition=Ready")
    cgroup = cluster.get("pod", "asker")["metadata"]["uid"]
    server = pid_of(cluster, "server")
    os.kill(server, signal.SIGSTOP)
    try:
        for _ in range(20):
            http_get(service)
        answer = subprocess.run(
            ["nsenter", f"--net=/proc/{process_of(cgroup)}/ns/net", *DIG],
            check=False,
            capture_output=True,
            text=True,
        )
        assert service.partition(":")[0] in answer.stdout
    finally:
        os.kill(server, signal.SIGCONT)
    cluster.kubectl("delete", "pod", "asker", "--timeout=60s")
    for node in cluster.get("nodes")["items"]:  # who stood still was the server, not the node
        (ready,) = (c for c in node["status"]["conditions"] if c["type"] == "Ready")
        assert ready["status"] == "True"


DIG = ("busybox", "nslookup", "web.default.svc.cluster.local", "10.43.0.10")


def test_a_lost_nodes_pods_leave_services_at_once_and_are_replaced(three_nodes: Cluster) -> None:
    three_nodes.apply(
        *web(3, tolerations=[LOST | {"tolerationSeconds": 2}], topologySpreadConstraints=SPREAD)
    )
    try:
        three_nodes.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        pods = three_nodes.get("pods", "-l", "app=web")["items"]
        (gone,) = (p["status"]["podIP"] for p in pods if p["spec"]["nodeName"] == "node-3")
        lose(three_nodes, "node-3")
        began = time.monotonic()
        eventually(lambda: gone not in ready_addresses(three_nodes))
        assert time.monotonic() - began < 5
        assert {http_get("10.44.0.11:30085") for _ in range(10)}

        def replaced() -> bool:
            found = three_nodes.get("pods", "-l", "app=web")["items"]
            alive = [p for p in found if p["spec"].get("nodeName") != "node-3" and is_ready(p)]
            return len(alive) == 3

        eventually(replaced, 30)
    finally:
        three_nodes.kubectl(
            "delete", "pods", "-l", "app=web", "--force", "--grace-period=0", "--wait=false", check=False
        )
        three_nodes.throw_away()


SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
]


def is_ready(found: dict[str, object]) -> bool:
    status: dict[str, list[dict[str, str]]] = found["status"]  # type: ignore[assignment]
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def ready_addresses(cluster: Cluster) -> set[str]:
    slices = cluster.get("endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
    found = (e for part in slices for e in part.get("endpoints") or ())
    return {e["addresses"][0] for e in found if e["conditions"]["ready"]}
