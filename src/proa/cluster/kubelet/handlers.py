"""Runs what probes and lifecycle hooks name: a command, an HTTP or gRPC request, a TCP connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from proa.cluster.kubelet import grpc_health
from proa.cluster.kubelet.cri import CriError, Runtime
from proa.cluster.kubelet.http_action import dial, http_get
from proa.cluster.kubelet.problems import HandlerError, HandlerUnknownError
from proa.kube import Object, join_host_port

_LONGEST_OUTPUT = 1024
_SLACK = 0.5
"""Seconds that a handler with a limit of its own has to say what was not in time."""


class Handlers:
    """Runs handlers for containers on this node."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(
        self, handler: Object, container: Object, container_id: str, ips: Sequence[str], limit: float
    ) -> str:
        """Run one handler within `limit` seconds; a warning about an answer that counts as good, or nothing.

        Raises HandlerError with the reason.
        """
        try:
            async with asyncio.timeout(limit + _SLACK):
                return await self._dispatch(handler, container, container_id, ips, limit)
        except TimeoutError:
            raise HandlerError(f"no answer within {limit:g}s") from None

    async def _dispatch(
        self, handler: Object, container: Object, container_id: str, ips: Sequence[str], limit: float
    ) -> str:
        host = next(iter(ips), "")
        if "exec" in handler:
            await self._exec(container_id, handler["exec"].get("command") or [], limit)
        elif "httpGet" in handler:
            action = handler["httpGet"]
            async with asyncio.timeout(limit):
                return await http_get(action, port_number(action["port"], container), host)
        elif "tcpSocket" in handler:
            await _within(limit, _tcp(handler["tcpSocket"], container, host))
        elif "grpc" in handler:
            await _grpc(handler["grpc"], host, limit)
        elif "sleep" in handler:
            await asyncio.sleep(handler["sleep"]["seconds"])
        else:
            raise HandlerError("no handler that this node knows")
        return ""

    async def _exec(self, container_id: str, command: list[str], limit: float) -> None:
        try:
            async with asyncio.timeout(limit):  # the runtime kills a command whose call ends
                result = await self._runtime.exec_sync(container_id, command, limit)
        except TimeoutError:
            raise _timed_out(command, limit) from None
        except CriError as fault:
            if fault.code == "DEADLINE_EXCEEDED":
                raise _timed_out(command, limit) from fault
            raise HandlerUnknownError(str(fault)) from fault
        if result.exit_code:
            output = (result.stdout + result.stderr)[:_LONGEST_OUTPUT].decode(errors="replace").strip()
            raise HandlerError(output or f"command exited with {result.exit_code}")


async def _within(limit: float, work: Awaitable[None]) -> None:
    async with asyncio.timeout(limit):
        await work


def _timed_out(command: list[str], limit: float) -> HandlerError:
    return HandlerError(f'command timed out: "{" ".join(command)}" timed out after {limit:g}s')


async def _grpc(action: Object, host: str, limit: float) -> None:
    address = join_host_port(host, action["port"])
    complaint = await grpc_health.check(address, action.get("service") or "", limit)
    if complaint:
        raise HandlerError(complaint)


async def _tcp(action: Object, container: Object, host: str) -> None:
    address, port = action.get("host") or host, port_number(action["port"], container)
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError as fault:
        raise HandlerError(dial(address, port, fault)) from fault
    writer.close()


def port_number(port: int | str, container: Object) -> int:
    """A port by number or by the name that the container gives it. Raises HandlerError."""
    if isinstance(port, int) or port.isdecimal():
        return int(port)
    for declared in container.get("ports") or ():
        if declared.get("name") == port:
            return int(declared["containerPort"])
    raise HandlerError(f"the container has no port named {port!r}")
