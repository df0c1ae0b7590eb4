"""What every request to a kubelet passes: first who asks, then whether they may.

Source: pkg/kubelet/server (`InstallAuthFilter`), whose answers these are.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import hdrs, web

from proa.cluster.kubelet.access.attributes import attributes
from proa.cluster.kubelet.access.caller import Caller, of_certificate
from proa.cluster.kubelet.access.reviews import Reviews
from proa.errors import ApiError

_log = logging.getLogger(__name__)

_BEARER = "bearer "
_FAULTS = (ApiError, aiohttp.ClientError, OSError, TimeoutError)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """Lets those through who may."""

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews

    async def pass_on(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or 401, 403, or 500 when nobody can say what the caller may."""
        caller = await self._caller(request)
        if caller is None:
            return web.Response(status=401, text="Unauthorized")
        return await self._refusal(request, caller) or await handler(request)

    async def _caller(self, request: web.Request) -> Caller | None:
        assert request.transport is not None
        certificate = request.transport.get_extra_info("ssl_object").getpeercert()
        if (known := of_certificate(certificate)) is not None:
            return known
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        token = given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else ""
        if not token:
            return None
        try:
            return await self._reviews.caller(token)
        except _FAULTS as fault:
            _log.warning("a token was not looked up: %s", fault)
            return None

    async def _refusal(self, request: web.Request, caller: Caller) -> web.Response | None:
        if caller.is_trusted:
            return None
        verb, subresources = attributes(request.method, request.path)
        asked = f"user={caller.name}, verb={verb}, resource=nodes"
        try:
            for subresource in subresources:
                if await self._reviews.may(caller, verb, subresource):
                    return None
        except _FAULTS as fault:
            _log.warning("rights of %s were not looked up: %s", caller.name, fault)
            text = f"Authorization error ({asked}, subresource={subresource})"
            return web.Response(status=500, text=text)
        text = f"Forbidden ({asked}, subresource(s)=[{' '.join(subresources)}])\n"
        return web.Response(status=403, text=text)
