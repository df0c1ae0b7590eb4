"""The gRPC health protocol, with a server that speaks it by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from proa.cluster.kubelet.grpc_health import check


@asynccontextmanager
async def _server(answer: bytes, pause: float = 0.0) -> AsyncIterator[str]:
    """A health service that answers any request with the same bytes; yields its address."""

    async def respond(request: bytes, context: Any) -> bytes:
        await asyncio.sleep(pause)
        if request == b"\n\x06absent":
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return answer

    server = grpc.aio.server()
    handlers = {"Check": grpc.unary_unary_rpc_method_handler(respond)}
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.mark.parametrize(
    ("answer", "service", "complaint"),
    [
        (b"\x08\x01", "", ""),
        (b"\x08\x02", "", 'service unhealthy (responded with "NOT_SERVING")'),
        (b"", "", 'service unhealthy (responded with "UNKNOWN")'),
        (
            b"\x08\x01",
            "absent",
            "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service",
        ),
    ],
)
async def test_what_a_server_says(answer: bytes, service: str, complaint: str) -> None:
    async with _server(answer) as address:
        assert await check(address, service, 5) == complaint


async def test_a_server_that_hangs_is_bounded() -> None:
    async with _server(b"", pause=60) as address:
        assert await check(address, "", 0.1) == "timeout: health rpc did not complete within 0.1s"


async def test_nobody_listens() -> None:
    assert (await check("127.0.0.1:1", "", 1)).startswith("error: failed to connect service")
