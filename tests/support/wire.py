"""Bytes to a server, and what it answers, without a client library that would mend them."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proa.cluster.apiserver import ApiServer
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf

PATIENCE = 5.0
"""Seconds after which a request that has no answer counts as stalled."""


@dataclass(frozen=True)
class Raw:
    """One answer: the code (0: none came) and the decoded body."""

    code: int
    body: Any = None


def administrator(folder: Path) -> ssl.SSLContext:
    """TLS with the certificate of an administrator."""
    pair = KeyPair(folder / "wire.crt", folder / "wire.key")
    if not pair.certificate.exists():
        Authority.open(folder).issue(Leaf("wire", ("system:masters",)), pair)
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(pair.certificate, pair.key)
    return context


async def exchange(server: ApiServer, trust: ssl.SSLContext, data: bytes) -> Raw:
    """The first answer to bytes on a connection of their own. Raises TimeoutError for a stall."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(data)
            return await answer(reader)
    except (ConnectionError, asyncio.IncompleteReadError):
        return Raw(0)
    finally:
        writer.transport.abort()


async def answer(reader: asyncio.StreamReader) -> Raw:
    """The next answer on a connection. Raises IncompleteReadError when it is closed instead."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    body = await reader.readexactly(int(length)) if length else b""
    return Raw(int(head.split()[1]), json.loads(body) if "application/json" in head and body else body)
