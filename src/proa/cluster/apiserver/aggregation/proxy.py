"""A client's request passed on to an aggregated server, and its answer passed back, byte by byte.

Source: kube-aggregator pkg/apiserver/handler_proxy.go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import aiohttp
from aiohttp import hdrs, web

from proa.cluster.apiserver.aggregation.backends import Backends
from proa.cluster.apiserver.aggregation.endpoints import Address, choose
from proa.cluster.apiserver.aggregation.remotes import Remote
from proa.cluster.apiserver.aggregation.request_info import is_discovery
from proa.cluster.apiserver.aggregation.transport import Headers, Transport
from proa.cluster.apiserver.front_proxy import user_headers
from proa.cluster.apiserver.http.relaying import answer_of, end_to_end, relay
from proa.cluster.apiserver.http.reply import Reply, text_reply
from proa.cluster.apiserver.http.tunnel import Tunnel
from proa.cluster.apiserver.identity import User
from proa.errors import ServiceUnavailable

_log = logging.getLogger(__name__)

_DISCOVERY_SECONDS = 5


class Proxy:
    """Passes requests on."""

    def __init__(self, backends: Backends, transport: Transport, failed: Callable[[str], None]) -> None:
        """`failed` is called with the name of an APIService whose server did not answer."""
        self._failed = failed
        self._backends = backends
        self._transport = transport

    def locate(self, remote: Remote) -> Address:
        """An endpoint of the remote's Service. Raises ServiceUnavailable."""
        backend = self._backends.get(remote.namespace, remote.service)
        if backend.service is None:
            raise ServiceUnavailable(f'service "{remote.service}" not found')
        return choose(backend.service, backend.slices, remote.port)

    async def serve(self, request: web.BaseRequest, user: User, remote: Remote) -> web.StreamResponse:
        """The remote's answer; 503 when it has none. The user must have been authorised before."""
        if not remote.available:
            return text_reply("service unavailable\n", ServiceUnavailable.code)
        try:
            address = self.locate(remote)
        except ServiceUnavailable as why:
            _log.warning("APIService %s: %s", remote.name, why)
            return text_reply("service unavailable\n", ServiceUnavailable.code)
        if hdrs.UPGRADE in request.headers:
            return await self._upgrade(request, user, remote, address)
        return await self._pass(request, user, remote, address)

    async def _pass(
        self, request: web.BaseRequest, user: User, remote: Remote, address: Address
    ) -> web.StreamResponse:
        target = request.raw_path
        asked = self._transport.request(
            remote,
            address,
            request.method,
            target,
            passed_on(request, user),
            body=request.content if request.can_read_body else None,
            seconds=_DISCOVERY_SECONDS if is_discovery(target.partition("?")[0]) else None,
        )
        answer: web.StreamResponse | None = None
        try:
            async with asked as response:
                if 300 <= response.status < 400 and hdrs.LOCATION in response.headers:
                    text = "the backend attempted to redirect this request, which is not permitted\n"
                    return text_reply(text, 502)
                answer = answer_of(request, response)
                await relay(request, response.content.iter_any(), answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if answer is not None:
                raise ConnectionResetError(f"{remote.name} ended its answer halfway: {error}") from error
            self._failed(remote.name)
            return unreachable(remote, error)
        return answer

    async def _upgrade(
        self, request: web.BaseRequest, user: User, remote: Remote, address: Address
    ) -> web.StreamResponse:
        head = upgrade_head(request, address, user)
        try:
            async with self._transport.connect(remote, address) as (reader, writer):
                return await Tunnel(reader, writer, remote.name).serve(request, head)
        except (OSError, asyncio.IncompleteReadError) as error:
            self._failed(remote.name)
            return unreachable(remote, error)


def unreachable(remote: Remote, error: BaseException) -> Reply:
    """503 with the reason, as plain text, as upstream's."""
    reason = str(error) or type(error).__name__
    return text_reply(f"error trying to reach service {remote.namespace}/{remote.service}: {reason}\n", 503)


def passed_on(request: web.BaseRequest, user: User) -> Headers:
    """The client's headers without what was for us, and the user's name."""
    yield from end_to_end(request)
    yield from user_headers(user)
    peer = (request.transport.get_extra_info("peername") if request.transport else None) or ("",)
    forwarded = [value for value in (request.headers.get(hdrs.X_FORWARDED_FOR, ""), str(peer[0])) if value]
    if forwarded:
        yield hdrs.X_FORWARDED_FOR, ", ".join(forwarded)


def upgrade_head(request: web.BaseRequest, address: Address, user: User) -> bytes:
    """The request for an upgrade, as the aggregated server gets it."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    lines = [f"{request.method} {request.raw_path} HTTP/1.1", f"Host: {host}:{address.port}"]
    lines += [f"{name}: {value}" for name, value in passed_on(request, user)]
    lines += ["Connection: Upgrade", f"Upgrade: {request.headers[hdrs.UPGRADE]}"]
    return "\r\n".join([*lines, "", ""]).encode()
