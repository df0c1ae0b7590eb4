"""A stop of the server: what is under way is answered first, what has no end is ended."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.cluster.apiserver import server as serving
from proa.kube import Resource
from support.server import api_server, session
from support.webhook import Review, webhook_server

MAPS = "/api/v1/namespaces/default/configmaps"
VALIDATING = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)


class Gate:
    """A webhook that answers when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.open = asyncio.Event()

    async def answer(self, _review: Review) -> Any:
        self.asked.set()
        await self.open.wait()
        return {"allowed": True}


def configuration(client: dict[str, Any]) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    hook = {
        "name": "x.example.com",
        "clientConfig": client,
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {"metadata": {"name": "hooks"}, "webhooks": [hook]}


async def drained(watch: aiohttp.ClientResponse) -> None:
    """Read a stream to its end. Raises ClientError when it breaks off."""
    while await watch.content.readany():
        pass


async def test_a_slow_request_is_answered_before_the_server_ends(tmp_path: Path) -> None:
    gate = Gate()
    async with AsyncExitStack() as stack, webhook_server(tmp_path / "hook", gate.answer) as hook:
        server = await stack.enter_async_context(api_server(tmp_path))
        async with (
            session(server, tmp_path, "admin", "system:masters") as admin,
            session(server, tmp_path, "late", "system:masters") as late,
            admin.get(MAPS, params={"watch": "1"}) as watch,
        ):
            await server.client().create(VALIDATING, configuration(hook.client()))
            writing = asyncio.create_task(admin.post(MAPS, json={"metadata": {"name": "slow"}}))
            await gate.asked.wait()

            stopping = asyncio.create_task(stack.aclose())

            async with asyncio.timeout(5):
                with suppress(aiohttp.ClientError):
                    await drained(watch)
            with pytest.raises(aiohttp.ClientConnectorError):
                await late.get(MAPS)
            assert not stopping.done()
            gate.open.set()
            answer = await writing
            await stopping

    assert answer.status == 201


async def test_a_request_that_never_ends_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_FAREWELL_SECONDS", 0.1)
    gate = Gate()
    async with AsyncExitStack() as stack, webhook_server(tmp_path / "hook", gate.answer) as hook:
        server = await stack.enter_async_context(api_server(tmp_path))
        async with session(server, tmp_path, "admin", "system:masters") as admin:
            await server.client().create(VALIDATING, configuration(hook.client()))
            writing = asyncio.create_task(admin.post(MAPS, json={"metadata": {"name": "slow"}}))
            await gate.asked.wait()

            async with asyncio.timeout(5):
                await stack.aclose()

            with pytest.raises(aiohttp.ClientError):
                await writing
