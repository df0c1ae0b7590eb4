"""What an HTTP probe makes of answers, of a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from proa.cluster.kubelet.http_action import http_get
from proa.cluster.kubelet.problems import HandlerError, HandlerStatusError

ASKED: list[str] = []


async def _answer(request: web.BaseRequest) -> web.StreamResponse:
    ASKED.append(request.path)
    if request.path.startswith("/status/"):
        return web.Response(status=int(request.path.rpartition("/")[2]), text="body")
    targets = {
        "/here": "/status/200",
        "/bad": "/status/503",
        "/away": "http://other.invalid/status/503",
        "/loop": "/loop",
        "/same": f"http://127.0.0.1:{request.url.port}/status/204",
    }
    return web.Response(status=302, headers={"Location": targets[request.path]}, text="moved")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    ASKED.clear()
    runner = web.ServerRunner(web.Server(_answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


GOOD = {
    "success": ("/status/200", ""),
    "a redirect on the host": ("/here", ""),
    "a redirect that names the host": ("/same", ""),
    "a redirect elsewhere": ("/away", "Probe terminated redirects, Response body: moved"),
    "a status that redirects nowhere": ("/status/304", "Probe terminated redirects, Response body: "),
    "a choice": ("/status/300", "Probe terminated redirects, Response body: body"),
}


@pytest.mark.parametrize(("path", "warning"), GOOD.values(), ids=GOOD)
async def test_good_answers(port: int, path: str, warning: str) -> None:
    assert await http_get({"path": path}, port, "127.0.0.1") == warning


BAD = {
    "a failure": ("/status/503", "^HTTP probe failed with statuscode: 503$"),
    "a failure behind a redirect": ("/bad", "^HTTP probe failed with statuscode: 503$"),
    "a circle": ("/loop", "stopped after 10 redirects$"),
    "a redirect to nowhere": ("/status/301", "301 response missing Location header$"),
}


@pytest.mark.parametrize(("path", "message"), BAD.values(), ids=BAD)
async def test_bad_answers(port: int, path: str, message: str) -> None:
    with pytest.raises(HandlerError, match=message):
        await http_get({"path": path}, port, "127.0.0.1")


async def test_a_bad_status_can_be_told_from_no_answer(port: int) -> None:
    with pytest.raises(HandlerStatusError):
        await http_get({"path": "/status/404"}, port, "127.0.0.1")


async def test_another_host_is_not_asked(port: int) -> None:
    await http_get({"path": "/away"}, port, "127.0.0.1")
    assert ASKED == ["/away"]


async def test_nobody_listens(port: int) -> None:
    with pytest.raises(HandlerError, match=r'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: '):
        await http_get({"path": "x"}, 1, "127.0.0.1")
