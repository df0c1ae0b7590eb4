"""Our pod network, Services and DNS beside kube-apiserver and two real kubelets; kube-proxy is off."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support import real_nodes
from support.cluster import eventually, http_get, pod
from support.real_kubernetes import control_plane, missing_programs
from support.real_nodes import RealNode

_MISSING = missing_programs("kubelet")
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.root,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
    pytest.mark.asyncio(loop_scope="module"),
]
SERVE = "mkdir /www; hostname >/www/index.html; exec httpd -f -p 8080 -h /www"


class Real:
    def __init__(self, folder: Path, nodes: list[RealNode]) -> None:
        self.folder = folder
        self.nodes = nodes

    def kubectl(self, *arguments: str, text: str = "", check: bool = True) -> str:
        return real_nodes.kubectl(self.folder, *arguments, text=text, check=check).stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", text="\n---\n".join(map(json.dumps, objects)))

    def inside(self, name: str, *command: str, check: bool = True) -> str:
        return self.kubectl("exec", name, "--", *command, check=check).strip()

    def asked(self, name: str, url: str, times: int) -> Counter[str]:
        """Who answered a client, so many times."""
        loop = f"for i in $(seq {times}); do wget -qO- {url} || echo nobody; done"
        return Counter(self.inside(name, "sh", "-c", loop).split())


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]} | spec,
    }


def web(number: int) -> dict[str, Any]:
    made = pod(f"web-{number}", "sh", "-c", SERVE, nodeName=f"real-{number}")
    made["metadata"]["labels"] = {"app": "web"}
    probe = {"httpGet": {"port": 8080}, "periodSeconds": 1}
    made["spec"]["containers"][0] |= {"readinessProbe": probe, "imagePullPolicy": "IfNotPresent"}
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    folder = tmp_path_factory.mktemp("real")
    async with AsyncExitStack() as stack:
        address = stack.enter_context(real_nodes.bridge())
        await stack.enter_async_context(control_plane(folder, address))
        controller = stack.enter_context(real_nodes.controller(folder))
        stack.callback(controller.terminate)
        nodes = []
        for number in (1, 2):
            made = RealNode(folder, number)
            stack.callback(made.close)
            made.start()
            nodes.append(made)
        world = Real(folder, nodes)
        names = [f"node/{node.name}" for node in nodes]
        eventually(lambda: not real_nodes.kubectl(folder, "get", *names, check=False).returncode)
        try:
            world.kubectl("wait", "--for=condition=Ready", *names, "--timeout=60s")
            clients = [pod(f"client-{n}", nodeName=f"real-{n}") for n in (1, 2)]
            for client in clients:
                client["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
            eventually(lambda: "default" in world.kubectl("get", "serviceaccounts", "-o", "name"))
            local = {"type": "NodePort", "externalTrafficPolicy": "Local", "selector": {"on": "real-1"}}
            ports = [{"port": 80, "targetPort": 8080, "nodePort": 30090}]
            world.apply(
                web(1),
                web(2),
                *clients,
                service("web", type="NodePort", ports=[ports[0] | {"nodePort": 30080}]),
                service("heads", clusterIP="None"),
                service("sticky", sessionAffinity="ClientIP"),
                service("near", **local, ports=ports),
            )
            world.kubectl("label", "pod", "web-1", "on=real-1")
            pods = ["pod/web-1", "pod/web-2", "pod/client-1", "pod/client-2"]
            world.kubectl("wait", "--for=condition=Ready", *pods, "--timeout=60s")
        except AssertionError:
            print(*(node.log(name) for node in nodes for name in ("features", "kubelet")), sep="\n==\n")
            raise
        yield world


async def test_pods_of_both_nodes_reach_the_pods_of_both_by_name(real: Real) -> None:
    for client in ("client-1", "client-2"):
        seen = real.asked(client, "http://web.default.svc.cluster.local", 20)
        assert set(seen) == {"web-1", "web-2"}


async def test_a_headless_service_is_the_addresses_of_its_pods(real: Real) -> None:
    addresses = set(real.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={..podIP}").split())
    assert len(addresses) == 2

    def named() -> bool:
        answer = real.inside("client-2", "nslookup", "heads.default.svc.cluster.local", "10.43.0.10")
        return all(address in answer for address in addresses)

    eventually(named)


async def test_a_client_keeps_its_pod(real: Real) -> None:
    for client in ("client-1", "client-2"):
        assert len(real.asked(client, "http://sticky", 12)) == 1


async def test_a_node_port_answers_on_both_nodes(real: Real) -> None:
    for node in real.nodes:
        seen = {http_get(f"{node.address}:30080").strip() for _ in range(20)}
        assert seen == {"web-1", "web-2"}


async def test_a_local_node_port_answers_only_where_its_pod_is(real: Real) -> None:
    assert http_get("10.79.0.11:30090") == "web-1\n"
    with pytest.raises(OSError, match=r"timed out"):
        http_get("10.79.0.12:30090")


async def test_the_network_goes_on_while_the_features_are_restarted(real: Real) -> None:
    node = real.nodes[0]
    node.kill_features()
    address = real.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
    assert "nobody" not in real.asked("client-1", f"http://{address}", 10)
    node.start_features()
    made = pod("late", nodeName="real-1")
    made["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    real.apply(made)
    real.kubectl("wait", "--for=condition=Ready", "pod/late", "--timeout=60s")


async def test_a_pod_that_is_gone_is_asked_no_more(real: Real) -> None:
    real.kubectl("delete", "pod", "web-2", "--timeout=60s")
    assert real.asked("client-1", "http://web", 20) == Counter({"web-1": 20})
    real.kubectl("delete", "pod", "web-1", "--timeout=60s")
    answer = real.inside("client-1", "wget", "-qO-", "http://web", check=False)
    assert answer == ""
