"""Live connections: joined to the kubelet of the pod's node, byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.http.tunnel import request_head, status_code
from support.kubelet_port import serving
from support.server import session

PODS = "/api/v1/namespaces/default/pods"
EXEC = f"{PODS}/p/exec"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
V5 = "v5.channel.k8s.io"


@dataclass
class Kubelet:
    """Echoes what it gets; `ended` is set when a client has gone."""

    asked: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        if "broken" in request.raw_path:
            return web.Response(status=500, text='container not found ("c")')
        if "Upgrade" not in request.headers:
            return web.Response(status=400, text="Upgrade request required")
        socket = web.WebSocketResponse(protocols=[V5])
        await socket.prepare(request)
        async for message in socket:
            if message.data == b"bye":
                break
            await socket.send_bytes(message.data)
        self.ended.set()
        await socket.close()
        return socket


@pytest.fixture
async def kubelet(server: ApiServer, http: Any, tmp_path: Path) -> AsyncIterator[Kubelet]:
    kubelet = Kubelet()
    async with serving(server, tmp_path, kubelet.answer):
        for name, node in (("p", "n1"), ("broken", "n1"), ("waits", "")):
            spec = {"containers": [{"name": "c", "image": "i:1"}]} | ({"nodeName": node} if node else {})
            made = await http("POST", PODS, {"metadata": {"name": name}, "spec": spec})
            assert made.status == 201
        yield kubelet


@pytest.fixture
async def admin(server: ApiServer, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with session(server, tmp_path, "admin", "system:masters") as admin:
        yield admin


async def test_what_is_asked_reaches_the_kubelet_in_its_own_words(
    admin: aiohttp.ClientSession, kubelet: Kubelet
) -> None:
    query = "command=ls&command=a%26b&stdin=true&stdout=true&stderr=true&tty=false&container=c"
    async with admin.ws_connect(f"{EXEC}?{query}", protocols=[V5]) as socket:
        assert socket.protocol == V5
    assert kubelet.asked == [
        "/exec/default/p/c?command=ls&command=a%26b&input=true&output=true&error=true&tty=false"
    ]
    await admin.ws_connect(f"{PODS}/p/portforward", protocols=[V5])
    assert kubelet.asked[1:] == ["/portForward/default/p"]


async def test_messages_pass_both_ways_whole_and_in_order(
    admin: aiohttp.ClientSession, kubelet: Kubelet
) -> None:
    async with admin.ws_connect(EXEC, protocols=[V5]) as socket:
        for number in range(50):
            message = bytes([number]) * (number * 5000 + 1)
            await socket.send_bytes(message)
            assert await socket.receive_bytes() == message


async def test_either_side_may_end_it(admin: aiohttp.ClientSession, kubelet: Kubelet) -> None:
    async with admin.ws_connect(EXEC, protocols=[V5]) as socket:
        await socket.send_bytes(b"bye")
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE
    kubelet.ended.clear()
    socket = await admin.ws_connect(EXEC, protocols=[V5])
    await socket.close()
    async with asyncio.timeout(5):
        await kubelet.ended.wait()


async def test_refusals(http: Any, kubelet: Kubelet) -> None:
    cases = {
        ("GET", EXEC): (400, "Upgrade request required"),
        ("POST", EXEC): (400, "Upgrade request required"),
        ("GET", f"{PODS}/broken/attach"): (500, 'container not found ("c")'),
        ("GET", f"{PODS}/waits/exec"): (400, "pod waits does not have a host assigned"),
        ("GET", f"{PODS}/nobody/exec"): (404, 'pods "nobody" not found'),
        ("GET", f"{EXEC}?container=x"): (400, "container x is not valid for pod p"),
        ("DELETE", EXEC): (405, "the server does not allow this method on the requested resource"),
    }
    answers = {case: await http(*case) for case in cases}
    assert {case: (a.status, a.body["message"]) for case, a in answers.items()} == cases


async def test_both_rights_are_needed_for_a_websocket(
    server: ApiServer, http: Any, kubelet: Kubelet, tmp_path: Path
) -> None:
    async def allow(verb: str) -> None:
        rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": [verb]}
        await http("POST", f"{RBAC}/clusterroles", {"metadata": {"name": verb}, "rules": [rule]})
        subject = {"kind": "User", "name": "jo", "apiGroup": "rbac.authorization.k8s.io"}
        role = {"kind": "ClusterRole", "name": verb, "apiGroup": "rbac.authorization.k8s.io"}
        binding = {"metadata": {"name": verb}, "subjects": [subject], "roleRef": role}
        assert (await http("POST", f"{RBAC}/clusterrolebindings", binding)).status == 201

    async with session(server, tmp_path, "jo", "people") as jo:
        await allow("get")
        async with jo.get(EXEC) as answer:
            assert answer.status == 403
        await allow("create")
        async with jo.ws_connect(EXEC, protocols=[V5]) as socket:
            await socket.send_bytes(b"x")
            assert await socket.receive_bytes() == b"x"


def test_a_kubelet_is_told_of_the_upgrade_and_of_nobodys_credentials() -> None:
    headers = {"Upgrade": "websocket", "Sec-WebSocket-Key": "k", "Authorization": "Bearer t", "Cookie": "c"}
    assert request_head("/exec/a", headers) == (
        b"GET /exec/a HTTP/1.1\r\nHost: kubelet\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"
        b"Connection: Upgrade\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("head", "code"),
    [(b"HTTP/1.1 101 Switching\r\n", 101), (b"HTTP/1.1 404 Not", 404), (b"junk", 500), (b"a b c", 500)],
    ids=["an upgrade", "a refusal", "no HTTP", "no number"],
)
def test_status_codes(head: bytes, code: int) -> None:
    assert status_code(head) == code
