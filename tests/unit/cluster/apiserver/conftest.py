"""A real server on a free port of the loopback, and a plain HTTP client for it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.cluster.apiserver import ApiServer
from proa.kube import SERVICE_ACCOUNTS
from support.server import api_server, session

PODS = "/api/v1/namespaces/default/pods"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any


class Http:
    """Requests as one user."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __call__(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        data = None if content is None else io.BytesIO(content)
        if data is not None:
            named["Content-Type"] = kind
        async with self._session.request(method, path, data=data, headers=named) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return Answer(response.status, json.loads(text) if is_json and text else text, response.headers)

    async def lines(self, path: str, count: int) -> list[Any]:
        """The first lines of a watch."""
        async with asyncio.timeout(5), self._session.get(path) as response:
            assert response.status == 200
            return [json.loads(await response.content.readline()) for _ in range(count)]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with api_server(tmp_path) as server:
        await server.client().create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        yield server


@pytest.fixture
async def http(server: ApiServer, tmp_path: Path) -> AsyncIterator[Http]:
    async with session(server, tmp_path, "admin", "system:masters") as admin:
        yield Http(admin)


@pytest.fixture
async def anonymous(server: ApiServer, tmp_path: Path) -> AsyncIterator[Http]:
    async with session(server, tmp_path) as nobody:
        yield Http(nobody)


@pytest.fixture
async def node(server: ApiServer, tmp_path: Path) -> AsyncIterator[Http]:
    async with session(server, tmp_path, "system:node:n1", "system:nodes") as kubelet:
        yield Http(kubelet)
