"""Connections to aggregated servers: straight to an endpoint, as the front proxy that we are."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from proa.cluster.apiserver.aggregation.endpoints import Address
from proa.cluster.apiserver.aggregation.remotes import Remote
from proa.cluster.apiserver.config import FrontProxyConfig
from proa.errors import InternalError
from proa.kube.addresses import join_host_port

_CONNECT_SECONDS = 10
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that a client would add; what we pass on is the client's alone."""

Headers = Iterable[tuple[str, str]]


class Transport:
    """One session for all servers. Connections are kept for each authority and address."""

    def __init__(self, front_proxy: FrontProxyConfig) -> None:
        self._front_proxy = front_proxy
        self._contexts: dict[tuple[bytes, bool], ssl.SSLContext] = {}
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def request(
        self,
        remote: Remote,
        address: Address,
        method: str,
        target: str,
        headers: Headers,
        *,
        body: aiohttp.StreamReader | None = None,
        seconds: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, its body as it comes. `target` is a path with its query, as it was sent to us.

        Raises aiohttp.ClientError or TimeoutError when there is none, InternalError for a bad CA bundle.
        """
        url = URL(f"https://{join_host_port(address.host, address.port)}{target}", encoded=True)
        answer = self._opened().request(
            method,
            url,
            headers=tuple(headers),
            data=body,
            allow_redirects=False,
            ssl=self._context(remote),
            server_hostname=remote.server_name,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS),
        )
        async with answer as response:
            yield response

    @asynccontextmanager
    async def connect(
        self, remote: Remote, address: Address
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection of one's own. Raises OSError."""
        context = self._context(remote)
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                address.host, address.port, ssl=context, server_hostname=remote.server_name
            )
        try:
            yield reader, writer
        finally:
            writer.close()

    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_AUTOMATIC,
            )
        return self._session

    def _context(self, remote: Remote) -> ssl.SSLContext:
        key = (remote.authority, remote.insecure)
        if key not in self._contexts:
            self._contexts[key] = self._make_context(remote)
        return self._contexts[key]

    def _make_context(self, remote: Remote) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cadata=remote.authority.decode() or None)
        except (ssl.SSLError, UnicodeDecodeError) as error:
            raise InternalError(f"caBundle of APIService {remote.name} is no PEM bundle: {error}") from error
        if remote.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self._front_proxy.certificate, self._front_proxy.key)
        return context
