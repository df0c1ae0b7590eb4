"""Sessions of users that a server knows by certificates of its authority."""

from __future__ import annotations

import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf


class Users:
    """Opens one session a user and closes them all."""

    def __init__(self, url: str, folder: Path) -> None:
        """`folder` holds the authority of the server at `url`."""
        self._url = url
        self._folder = folder
        self._sessions: dict[tuple[str, tuple[str, ...]], aiohttp.ClientSession] = {}

    def __call__(self, name: str, groups: tuple[str, ...]) -> aiohttp.ClientSession:
        """The session of a user; an empty name is nobody."""
        if (name, groups) not in self._sessions:
            connector = aiohttp.TCPConnector(ssl=self._context(name, groups))
            self._sessions[name, groups] = aiohttp.ClientSession(self._url, connector=connector)
        return self._sessions[name, groups]

    def _context(self, name: str, groups: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._folder / "ca.crt"))
        if name:
            pair = KeyPair.at(self._folder, f"user-{len(self._sessions)}")
            Authority.open(self._folder).issue(Leaf(name, groups), pair)
            context.load_cert_chain(pair.certificate, pair.key)
        return context

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()
