"""What is no HTTP, or half of a request, or meant to smuggle one: an error each, and nothing in the log."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from proa.cluster.apiserver import ApiServer
from support.wire import administrator, answer, exchange

_PATH = b"/api/v1/namespaces/default/configmaps"
_GET = b"GET %b HTTP/1.1\r\nHost: x\r\n" % _PATH
_POST = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % _PATH
_NEXT = b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
_INFINITE = base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":Infinity,"start":"x"}')
_NESTED = base64.urlsafe_b64encode(b"[" * 5000)


def _asking(query: bytes) -> bytes:
    return b"GET %b?%b HTTP/1.1\r\nHost: x\r\n\r\n" % (_PATH, query)


CASES = {
    "a version that is none": (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
    "HTTP/2 without negotiation": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a method of no known name": (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a method for which there is no path": (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "no text at all": (b"\x00\x01\x02\xff" * 50 + b"\r\n\r\n", 400),
    "bytes in the path": (b"GET /api/v1/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a surrogate in the path": (b"GET %b/%%ed%%a0%%80 HTTP/1.1\r\nHost: x\r\n\r\n" % _PATH, 404),
    "a path of 2 MB": (b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 2_000_000), 400),
    "a header of 2 MB without an end": (_GET + b"X: " + b"a" * 2_000_000, 400),
    "five thousand headers": (_GET + b"".join(b"X%d: y\r\n" % i for i in range(5000)) + b"\r\n", 400),
    "a header without a colon": (_GET + b"nocolon\r\n\r\n", 400),
    "a space before the colon": (_GET + b"Content-Length : 5\r\n\r\n", 400),
    "a folded header": (_GET + b"X: y\r\n z\r\n\r\n", 400),
    "a zero byte in a header": (_GET + b"X: a\x00b\r\n\r\n", 400),
    "bare line feeds": (b"GET /version HTTP/1.1\nHost: x\n\n", 400),
    "no host": (b"GET /version HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /version HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "a length and chunks": (
        _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _NEXT, 400
    ),
    "two lengths": (_POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400),
    "a length below zero": (_POST + b"Content-Length: -1\r\n\r\n{}", 400),
    "a length with a sign": (_POST + b"Content-Length: +2\r\n\r\n{}", 400),
    "a length of twenty digits": (_POST + b"Content-Length: 99999999999999999999\r\n\r\n{}", 400),
    "a length above the limit": (_POST + b"Content-Length: 99999999\r\n\r\n{}", 413),
    "an unknown transfer encoding": (_POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "chunked twice": (_POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    "a chunk of garbage": (_POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk below zero": (_POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk longer than it says": (_POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk of a size that overflows": (
        _POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400
    ),
    "gzip that is none": (_POST + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 400),
    "a compression that is not known": (_POST + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", 400),
    "bytes for a user": (_GET + b"Impersonate-User: \xff\r\n\r\n", 400),
    "bytes for a program": (_GET + b"User-Agent: \xff\r\n\r\n", 400),
    "bytes for a token": (_GET + b"Authorization: Bearer \xff\r\n\r\n", 400),
    "a wish for nothing known": (_GET + b"Accept: ;;;,,,=;q=zz\r\n\r\n", 406),
    "a revision of 5,000 digits": (_asking(b"resourceVersion=" + b"9" * 5000), 400),
    "a revision in other digits": (_asking(b"resourceVersion=%D9%A1"), 400),
    "a limit of 5,000 digits": (_asking(b"limit=" + b"9" * 5000), 400),
    "a page that begins at infinity": (_asking(b"limit=1&continue=" + _INFINITE), 400),
    "a page nested too deeply": (_asking(b"limit=1&continue=" + _NESTED), 400),
    "a selector of operators": (_asking(b"labelSelector=%ff,,in%20(,)&fieldSelector=%3D%3D"), 400),
}  # fmt: skip
"""What is sent, and the code that must come back."""


async def test_an_error_each_and_nothing_in_the_log(
    server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trust = administrator(tmp_path)

    answers = {name: await exchange(server, trust, data) for name, (data, _) in CASES.items()}

    assert {name: raw.code for name, raw in answers.items()} == {n: code for n, (_, code) in CASES.items()}
    assert {raw.body["kind"] for raw in answers.values()} == {"Status"}
    assert caplog.records == []


async def test_a_body_is_never_taken_for_the_next_request(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
    async with asyncio.timeout(5):
        writer.write(
            _GET
            + b"Content-Length: %d\r\n\r\n" % len(_NEXT)
            + _NEXT
            + b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        kinds = [(await answer(reader)).body["kind"] for _ in range(2)]
    writer.transport.abort()

    assert kinds == ["ConfigMapList", "APIVersions"]


async def test_pipelined_requests_are_answered_in_their_order(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
    async with asyncio.timeout(5):
        writer.write(_NEXT + _GET + b"\r\n" + _NEXT)
        bodies = [(await answer(reader)).body for _ in range(3)]
    writer.transport.abort()

    assert [body.get("kind") for body in bodies] == [None, "ConfigMapList", None]


async def test_who_sends_slowly_delays_nobody(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)
    slow = [await asyncio.open_connection("127.0.0.1", server.port, ssl=trust) for _ in range(20)]
    for index, (_, writer) in enumerate(slow):
        writer.write(_POST + b"Content-Length: 2000\r\n\r\n{" if index % 2 else b"GET /ver")

    assert (await exchange(server, trust, _NEXT)).code == 200
    for _, writer in slow:
        writer.transport.abort()


async def test_a_body_that_breaks_off_stores_nothing(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)
    body = b'{"metadata":{"name":"half"}}'
    for sent in (b"Content-Length: 100\r\n\r\n" + body, b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + body):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
        writer.write(_POST + sent)
        await writer.drain()
        writer.transport.abort()

    names = [
        item["metadata"]["name"] for item in (await exchange(server, trust, _GET + b"\r\n")).body["items"]
    ]
    assert "half" not in names
