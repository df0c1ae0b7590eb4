"""One gRPC connection to containerd that finds its way back when containerd restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Never

import grpc
import grpc.aio

from proa.cluster.kubelet.cri.messages import CRI
from proa.errors import ProaError

_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.use_local_subchannel_pool", 1),
)


class CriError(ProaError):
    """The runtime refused or could not be reached; `code` is the gRPC status, as `NOT_FOUND`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def unavailable(self) -> bool:
        """Whether nobody answered: containerd is down or restarting."""
        return self.code == "UNAVAILABLE"

    def __str__(self) -> str:
        return f"rpc error: code = {_camel(self.code)} desc = {self.args[0]}"


class Channel:
    """Calls to one socket. Construct inside a running event loop."""

    def __init__(self, socket: Path) -> None:
        self._channel = grpc.aio.insecure_channel(f"unix:{socket}", options=_OPTIONS)

    async def call(
        self,
        method: str,
        request: str,
        value: Mapping[str, Any],
        response: str,
        *,
        deadline: float | None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> dict[str, Any]:
        """One unary call; messages are named as in the tables, `deadline` is seconds. Raises CriError."""
        stub = self._channel.unary_unary(method, *_serializers(request, response))
        try:
            result: dict[str, Any] = await stub(value, timeout=deadline, metadata=metadata)
        except grpc.aio.AioRpcError as fault:
            _refuse(fault)
        return result

    async def stream(
        self, method: str, request: str, value: Mapping[str, Any], response: str
    ) -> AsyncIterator[dict[str, Any]]:
        """Every message that the server sends, until it ends the stream. Raises CriError."""
        stub = self._channel.unary_stream(method, *_serializers(request, response))
        try:
            async for message in stub(value):
                yield message
        except grpc.aio.AioRpcError as fault:
            _refuse(fault)

    async def close(self) -> None:
        """End the connection and what runs on it."""
        await self._channel.close()


def _serializers(request: str, response: str) -> tuple[partial[bytes], partial[dict[str, Any]]]:
    return partial(CRI.encode, request), partial(CRI.decode, response)


def _refuse(fault: grpc.aio.AioRpcError) -> Never:
    raise CriError(fault.code().name, fault.details() or "no details") from None


def _camel(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))
