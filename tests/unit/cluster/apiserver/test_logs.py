"""Logs of pods: passed through from the kubelet of the pod's node."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proa.cluster.apiserver import ApiServer
from proa.kube import NODES
from support.kubelet_port import serving
from support.server import session

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
async def kubelet(server: ApiServer, tmp_path: Path) -> AsyncIterator[list[str]]:
    """A kubelet that demands a client certificate and tells what it was asked; node n1 points to it."""
    asked: list[str] = []

    async def logs(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.raw_path)
        if "broken" in request.raw_path:
            return web.Response(status=400, text="container has not been created")
        response = web.StreamResponse()
        await response.prepare(request)
        for line in (b"one\n", b"two\n"):
            await response.write(line)
        return response

    async with serving(server, tmp_path, logs):
        yield asked


async def make_pod(http: Any, name: str, *containers: str, node: str = "n1") -> None:
    spec = {"containers": [{"name": c, "image": "i:1"} for c in containers]} | (
        {"nodeName": node} if node else {}
    )
    assert (await http("POST", PODS, {"metadata": {"name": name}, "spec": spec})).status == 201


async def test_the_log_comes_from_the_kubelet(http: Any, kubelet: list[str]) -> None:
    await make_pod(http, "p", "c")

    answer = await http("GET", f"{PODS}/p/log?follow=true&tailLines=5")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain")
    assert answer.body == "one\ntwo\n"
    assert kubelet == ["/containerLogs/default/p/c?follow=true&tailLines=5"]


@pytest.mark.parametrize(
    ("protocols", "spoken", "messages"),
    [
        ((), None, b"one\ntwo\n"),
        (("binary.k8s.io",), "binary.k8s.io", b"one\ntwo\n"),
        (("base64.binary.k8s.io",), "base64.binary.k8s.io", b"one\ntwo\n"),
    ],
)
async def test_the_log_comes_over_a_websocket(
    http: Any, server: ApiServer, tmp_path: Path, kubelet: list[str],
    protocols: tuple[str, ...], spoken: str | None, messages: bytes,
) -> None:  # fmt: skip
    await make_pod(http, "p", "c")
    async with (
        session(server, tmp_path, "admin", "system:masters") as admin,
        admin.ws_connect(f"{PODS}/p/log?container=c", protocols=protocols) as socket,
    ):
        received = [
            base64.b64decode(message.data) if isinstance(message.data, str) else message.data
            async for message in socket
        ]

    assert (socket.protocol, socket.close_code) == (spoken, 1000)
    assert b"".join(received) == messages
    assert kubelet == ["/containerLogs/default/p/c"]


async def test_of_several_containers_one_must_be_named(http: Any, kubelet: list[str]) -> None:
    await make_pod(http, "p", "a", "b")

    unnamed = await http("GET", f"{PODS}/p/log")
    unknown = await http("GET", f"{PODS}/p/log?container=x")
    named = await http("GET", f"{PODS}/p/log?container=b")

    assert unnamed.body["message"] == "a container name must be specified for pod p, choose one of: [a b]"
    assert unknown.body["message"] == "container x is not valid for pod p"
    assert (unnamed.status, unknown.status, named.status) == (400, 400, 200)


async def test_what_the_kubelet_says_is_passed_on(http: Any, kubelet: list[str]) -> None:
    await make_pod(http, "broken", "c")

    answer = await http("GET", f"{PODS}/broken/log")

    assert (answer.status, answer.body["message"]) == (400, "container has not been created")


async def test_without_a_pod_a_node_or_a_kubelet_the_reason_is_told(http: Any, server: ApiServer) -> None:
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 1}},
    }
    await server.client().create(NODES, {"metadata": {"name": "dead"}, "status": status})
    await make_pod(http, "waiting", "c", node="")
    await make_pod(http, "lost", "c", node="dead")

    assert (await http("GET", f"{PODS}/none/log")).status == 404
    assert "no node is assigned yet" in (await http("GET", f"{PODS}/waiting/log")).body["message"]
    unreachable = await http("GET", f"{PODS}/lost/log")
    assert (unreachable.status, "node dead cannot be reached" in unreachable.body["message"]) == (503, True)
