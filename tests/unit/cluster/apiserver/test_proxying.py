"""Requests that go through the API server to pods and services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from proa.cluster.apiserver.subresources.proxy import parse_name
from proa.errors import BadRequest

PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"


async def _answer(request: web.Request) -> web.StreamResponse:
    if request.headers.get("Upgrade", "").lower() == "websocket":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data.upper())
        return socket
    if request.path == "/moved":
        return web.Response(status=302, headers={"Location": "/x?y"})
    if request.path == "/page":
        answer = web.Response(text='<a href="/x">x</a>', content_type="text/html", headers={"ETag": '"e"'})
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            answer.enable_compression(web.ContentCoding.gzip)
        return answer
    body = (await request.read()).decode()
    told = {"method": request.method, "path": request.path_qs, "body": body}
    told["authorization"] = request.headers.get("Authorization", "")
    return web.json_response(told, status=203, headers={"X-Backend": "yes"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Of a web server that tells what it was asked."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def make_pod(http: Any, port: int) -> None:
    container = {"name": "c", "image": "i", "ports": [{"name": "web", "containerPort": port}]}
    await http("POST", PODS, {"metadata": {"name": "p"}, "spec": {"containers": [container]}})
    status = {"status": {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}}
    await http("PATCH", f"{PODS}/p/status", status, kind="application/merge-patch+json")


@pytest.mark.parametrize("name", ["p", "p:{port}", "http:p:web"])
async def test_a_pod_answers(http: Any, port: int, name: str) -> None:
    await make_pod(http, port)
    path = f"{PODS}/{name.format(port=port)}/proxy/a/b%20c?x=1&y=2"

    answer = await http("POST", path, b"hello", kind="text/plain", Authorization="Basic eDp5")

    assert answer.status == 203
    assert answer.headers["X-Backend"] == "yes"
    assert answer.body == {"method": "POST", "path": "/a/b%20c?x=1&y=2", "body": "hello", "authorization": ""}


async def test_a_service_answers_by_a_ready_endpoint(http: Any, port: int) -> None:
    await http(
        "POST", SERVICES, {"metadata": {"name": "s"}, "spec": {"ports": [{"name": "web", "port": 80}]}}
    )
    empty = await http("GET", f"{SERVICES}/s:80/proxy/")
    slice_ = {
        "metadata": {"name": "s-1", "labels": {"kubernetes.io/service-name": "s"}},
        "addressType": "IPv4",
        "ports": [{"name": "web", "port": port}],
        "endpoints": [{"addresses": ["127.0.0.1"]}],
    }
    await http("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice_)

    full = await http("GET", f"{SERVICES}/s:web/proxy/")

    assert (empty.status, empty.body["message"]) == (503, 'no endpoints available for service "s"')
    assert (full.status, full.body["path"]) == (203, "/")


async def test_what_is_not_there_and_what_does_not_answer(http: Any, port: int) -> None:
    await make_pod(http, port)
    assert (await http("GET", f"{PODS}/nope/proxy/")).status == 404
    closed = await http("GET", f"{PODS}/p:1/proxy/")
    assert closed.status == 503
    assert "error trying to reach service" in closed.body["message"]


async def test_an_upgrade_goes_through(http: Any, port: int) -> None:
    await make_pod(http, port)
    async with http._session.ws_connect(f"{PODS}/p/proxy/socket") as socket:
        await socket.send_str("hello")
        assert (await socket.receive_str(timeout=5)) == "HELLO"


async def test_strangers_may_not(node: Any) -> None:
    assert (await node("GET", f"{PODS}/p/proxy/")).status == 403


@pytest.mark.parametrize("name", ["ftp:p:80", "a:b:c:d", ":80"])
def test_names_that_say_nothing(name: str) -> None:
    with pytest.raises(BadRequest, match="invalid name"):
        parse_name(name)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_links_of_a_page_lead_through_the_proxy(http: Any, port: int, encoding: str) -> None:
    await make_pod(http, port)

    answer = await http("GET", f"{PODS}/p/proxy/page", Accept_Encoding=encoding)

    assert answer.body == f'<a href="{PODS}/p/proxy/x">x</a>'
    assert (answer.headers["ETag"], answer.headers.get("Content-Encoding", "identity")) == ('"e"', encoding)


async def test_the_head_of_a_page_comes_as_it_is(http: Any, port: int) -> None:
    await make_pod(http, port)

    answer = await http("HEAD", f"{PODS}/p/proxy/page", Accept_Encoding="identity")

    assert (answer.status, answer.headers["Content-Length"]) == (200, "18")


async def test_a_redirection_leads_through_the_proxy(http: Any, port: int) -> None:
    await make_pod(http, port)

    answer = await http("GET", f"{PODS}/p/proxy/moved")

    assert answer.body["path"] == "/x?y"


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "POST", "PUT"])
async def test_what_is_no_page_needs_no_slash(http: Any, port: int, method: str) -> None:
    await make_pod(http, port)

    answer = await http(method, f"{PODS}/p/proxy?x=y")

    assert (answer.status, answer.body["method"], answer.body["path"]) == (203, method, "/?x=y")
