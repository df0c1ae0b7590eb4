"""Runs what probes and lifecycle hooks name: a command, an HTTP or gRPC request, a TCP connection."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Sequence

import aiohttp

from proa.cluster.kubelet import grpc_health
from proa.cluster.kubelet.cri import CriError, Runtime
from proa.errors import ProaError
from proa.kube import Object

_LONGEST_OUTPUT = 1024
_SLACK = 0.5
"""Seconds that a handler with a limit of its own has to say what was not in time."""
_PROBE_HEADERS = {"User-Agent": "kube-probe/1.37", "Connection": "close"}
_TLS = ssl.create_default_context()
_TLS.check_hostname = False
_TLS.verify_mode = ssl.CERT_NONE


class HandlerError(ProaError):
    """The handler ran and was not content."""


class HandlerUnknownError(HandlerError):
    """The handler could not run, so nothing is known of the container."""


class Handlers:
    """Runs handlers for containers on this node."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(
        self, handler: Object, container: Object, container_id: str, ips: Sequence[str], limit: float
    ) -> None:
        """Run one handler within `limit` seconds. Raises HandlerError with the reason."""
        try:
            async with asyncio.timeout(limit + _SLACK):
                await self._dispatch(handler, container, container_id, ips, limit)
        except TimeoutError:
            raise HandlerError(f"no answer within {limit:g}s") from None

    async def _dispatch(
        self, handler: Object, container: Object, container_id: str, ips: Sequence[str], limit: float
    ) -> None:
        host = next(iter(ips), "")
        if "exec" in handler:
            await self._exec(container_id, handler["exec"].get("command") or [], limit)
        elif "httpGet" in handler:
            await _within(limit, _http(handler["httpGet"], container, host))
        elif "tcpSocket" in handler:
            await _within(limit, _tcp(handler["tcpSocket"], container, host))
        elif "grpc" in handler:
            await _grpc(handler["grpc"], host, limit)
        elif "sleep" in handler:
            await asyncio.sleep(handler["sleep"]["seconds"])
        else:
            raise HandlerError("no handler that this node knows")

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
    address = f"[{host}]:{action['port']}" if ":" in host else f"{host}:{action['port']}"
    complaint = await grpc_health.check(address, action.get("service") or "", limit)
    if complaint:
        raise HandlerError(complaint)


async def _http(action: Object, container: Object, host: str) -> None:
    scheme = (action.get("scheme") or "HTTP").lower()
    port = port_number(action["port"], container)
    address = action.get("host") or host
    bracketed = f"[{address}]" if ":" in address else address
    url = f"{scheme}://{bracketed}:{port}/{(action.get('path') or '').lstrip('/')}"
    tls = _TLS if scheme == "https" else False
    headers = _PROBE_HEADERS | {h["name"]: h["value"] for h in action.get("httpHeaders") or ()}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, headers=headers, ssl=tls, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 400:
                raise HandlerError(f"HTTP probe failed with statuscode: {answer.status}")
    except aiohttp.ClientConnectorError as fault:
        raise HandlerError(f'Get "{url}": {_dial(address, port, fault.os_error)}') from fault
    except (aiohttp.ClientError, OSError) as fault:
        raise HandlerError(f'Get "{url}": {fault}') from fault


async def _tcp(action: Object, container: Object, host: str) -> None:
    address, port = action.get("host") or host, port_number(action["port"], container)
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError as fault:
        raise HandlerError(_dial(address, port, fault)) from fault
    writer.close()


def _dial(address: str, port: int, fault: OSError) -> str:
    reason = os.strerror(fault.errno).lower() if fault.errno else str(fault)
    return f"dial tcp {address}:{port}: connect: {reason}"


def port_number(port: int | str, container: Object) -> int:
    """A port by number or by the name that the container gives it. Raises HandlerError."""
    if isinstance(port, int) or port.isdecimal():
        return int(port)
    for declared in container.get("ports") or ():
        if declared.get("name") == port:
            return int(declared["containerPort"])
    raise HandlerError(f"the container has no port named {port!r}")
