"""The metrics API behind a real API server, with a kubelet that answers as a test wants."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proa.cluster import metrics
from proa.cluster.apiserver import ApiServer
from proa.cluster.keypair import KeyPair
from proa.cluster.metrics import MetricsConfig, MetricsServer
from proa.cluster.pki import Authority, Leaf
from proa.errors import ApiError, NotFound
from proa.kube import ENDPOINT_SLICES, PODS, SERVICE_ACCOUNTS, SERVICES, Manager, Object, Resource
from support.kubelet_port import serving
from support.server import api_server, background, eventually, session

ROOT = "/apis/metrics.k8s.io/v1beta1"
NAME = "metrics-server.kube-system.svc"
POD_METRICS = f"{ROOT}/namespaces/default/pods"
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False)


async def kubelet(_: web.BaseRequest) -> web.StreamResponse:
    """Node and pod use half a processor, since the epoch."""
    now = time.time()
    at, pod = int(now * 1000), 'container="c",namespace="default",pod="p"'
    lines = [
        f"node_cpu_usage_seconds_total {now / 2} {at}",
        f"node_memory_working_set_bytes 2097152 {at}",
        f"container_cpu_usage_seconds_total{{{pod}}} {now / 2} {at}",
        f"container_memory_working_set_bytes{{{pod}}} 1048576 {at}",
        f"container_start_time_seconds{{{pod}}} 1",
    ]
    return web.Response(text="\n".join(lines))


def config_in(folder: Path) -> MetricsConfig:
    pair = KeyPair.at(folder, "metrics-server")
    Authority.open(folder).issue(Leaf("m", names=("metrics-server.kube-system.svc",)), pair)
    return MetricsConfig(
        address="127.0.0.1",
        port=0,
        certificate=pair.certificate,
        key=pair.key,
        authority=folder / "ca.crt",
        front_proxy_authority=folder / "front-proxy-ca.crt",
        kubelet_certificate=folder / "kubelet-client.crt",
        kubelet_key=folder / "kubelet-client.key",
        resolution=0.05,
    )


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiServer]:
    """A server with node n1, pod p on it, and the metrics API."""
    async with api_server(tmp_path) as server, serving(server, tmp_path, kubelet):
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": "n1"}
        await client.create(PODS, {"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": spec}, "default")
        await client.patch(PODS, "p", {"status": {"phase": "Running"}}, "default", subresource="status")
        manager = Manager(client)
        part = MetricsServer(manager, config_in(tmp_path))
        await part.start()
        manager.add(part)
        metrics.setup(manager, config_in(tmp_path), part.port)
        async with background(manager.run()):
            await eventually(lambda: items(server, POD_METRICS), "numbers")
            yield server


async def items(server: ApiServer, path: str, **query: str) -> list[Object]:
    try:
        found: list[Object] = (await server.client().read(path, query))["items"]
    except ApiError:
        return []
    return found


async def test_nodes_and_pods(api: ApiServer) -> None:
    (node,) = await items(api, f"{ROOT}/nodes")
    assert (node["metadata"]["name"], node["usage"]["memory"]) == ("n1", "2Mi")
    (pod,) = await items(api, f"{ROOT}/pods")
    assert (pod["metadata"]["labels"], pod["containers"][0]["usage"]["memory"]) == ({"a": "b"}, "1Mi")
    one = await api.client().read(f"{POD_METRICS}/p", {})
    assert (one["kind"], one["containers"][0]["name"]) == ("PodMetrics", "c")
    assert await items(api, POD_METRICS, labelSelector="a=b")
    assert not await items(api, POD_METRICS, labelSelector="a=c")
    assert not await items(api, POD_METRICS, fieldSelector="metadata.name=q")
    with pytest.raises(NotFound, match=r'pods\.metrics\.k8s\.io "default/q" not found'):
        await api.client().read(f"{POD_METRICS}/q", {})


async def test_a_table_and_discovery(api: ApiServer, tmp_path: Path) -> None:
    async with session(api, tmp_path, "admin", "system:masters") as admin:
        accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
        async with admin.get(f"{ROOT}/nodes", headers=accept) as answer:
            body = await answer.json()
        assert [column["name"] for column in body["columnDefinitions"]] == ["Name", "cpu", "memory", "Window"]
        assert body["rows"][0]["cells"][0] == "n1"
        async with admin.get(ROOT) as answer:
            assert {row["name"] for row in (await answer.json())["resources"]} == {"nodes", "pods"}


async def test_nobody_else_may_ask(api: ApiServer, tmp_path: Path) -> None:
    slice_ = await api.client().get(ENDPOINT_SLICES, "metrics-server", "kube-system")
    url = f"https://127.0.0.1:{slice_['ports'][0]['port']}{ROOT}/nodes"
    async with session(api, tmp_path) as nobody, nobody.get(url, server_hostname=NAME) as answer:
        assert (answer.status, (await answer.json())["reason"]) == (401, "Unauthorized")


async def test_it_steps_back_for_a_service_that_selects_pods(api: ApiServer) -> None:
    client = api.client()
    selector: Any = {"spec": {"selector": {"k8s-app": "metrics-server"}}}
    await client.patch(SERVICES, "metrics-server", selector, "kube-system")

    async def gone() -> bool:
        listed = await client.list(ENDPOINT_SLICES, "kube-system")
        return not any(one["metadata"]["name"] == "metrics-server" for one in listed["items"])

    await eventually(gone, "our endpoint")
    await metrics.remove(client)
    assert (await client.get(SERVICES, "metrics-server", "kube-system"))["spec"]["selector"]


async def test_what_was_made_is_removed(tmp_path: Path) -> None:
    async with api_server(tmp_path) as other:
        client = other.client()
        manager = Manager(client)
        metrics.setup(manager, config_in(tmp_path), 4443)
        async with background(manager.run()):

            async def there() -> bool:
                listed = await client.list(ENDPOINT_SLICES, "kube-system")
                return bool(listed["items"])

            await eventually(there, "the endpoint")
        await metrics.remove(client)
        for resource in (SERVICES, ENDPOINT_SLICES):
            with pytest.raises(NotFound):
                await client.get(resource, "metrics-server", "kube-system")
        with pytest.raises(NotFound):
            await client.get(API_SERVICES, "v1beta1.metrics.k8s.io")
