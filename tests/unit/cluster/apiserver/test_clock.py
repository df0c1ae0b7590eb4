"""A wall clock that is set back or forward between requests: only what has an end by it takes notice."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.cluster.apiserver import ApiServer
from support.server import session

MAPS = "/api/v1/namespaces/default/configmaps"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
HOUR, YEAR = 3600, 365 * 86400


class Clock:
    """The wall clock of the process; `ahead` seconds are added to the real one."""

    def __init__(self) -> None:
        self.ahead = 0
        self._real = time.time

    def __call__(self) -> float:
        return self._real() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


async def token(api: aiohttp.ClientSession) -> str:
    """A new token of the service account."""
    body = {"spec": {"expirationSeconds": 600}}
    async with api.post(f"{ACCOUNTS}/jo/token", json=body) as response:
        return str((await response.json())["status"]["token"])


async def known(api: aiohttp.ClientSession, text: str) -> bool:
    """Whether the server takes a token."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": text}}
    async with api.post("/apis/authentication.k8s.io/v1/tokenreviews", json=review) as response:
        return bool((await response.json())["status"].get("authenticated"))


@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR])
async def test_the_server_goes_on(server: ApiServer, tmp_path: Path, clock: Clock, jump: int) -> None:
    async with session(server, tmp_path, "admin", "system:masters") as api:
        await api.post(ACCOUNTS, json={"metadata": {"name": "jo"}})
        before = await token(api)
        first = await (await api.post(MAPS, json={"metadata": {"name": "a"}, "data": {"j": "v"}})).json()
        watch = await api.get(MAPS, params={"watch": "1", "resourceVersion": _version(first)})
        assert await known(api, before)

        clock.ahead = jump

        assert not await known(api, before)
        assert await known(api, await token(api))
        second = await (await api.post(MAPS, json={"metadata": {"name": "b"}})).json()
        await api.patch(
            f"{MAPS}/a", json={"data": {"k": "v"}}, headers={"Content-Type": "application/merge-patch+json"}
        )
        seen = [json.loads(await watch.content.readline()) for _ in range(2)]
        watch.close()
        listed = await (await api.get(MAPS)).json()

    assert int(_version(second)) > int(_version(first))
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in seen] == [
        ("ADDED", "b"),
        ("MODIFIED", "a"),
    ]
    times = [item["metadata"]["creationTimestamp"] for item in listed["items"]]
    assert (times[0] < times[1]) is (jump > 0)
    assert seen[1]["object"]["metadata"]["managedFields"][0]["time"][:10] == times[1][:10]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_a_watch_ends_when_it_should(
    server: ApiServer, tmp_path: Path, clock: Clock, jump: int
) -> None:
    async with session(server, tmp_path, "admin", "system:masters") as api:
        watch = await api.get(MAPS, params={"watch": "1", "timeoutSeconds": "1"})
        began = asyncio.get_running_loop().time()
        clock.ahead = jump
        async with asyncio.timeout(5):
            assert await watch.read() == b""

    assert 0.8 < asyncio.get_running_loop().time() - began < 4


def _version(obj: Any) -> str:
    return str(obj["metadata"]["resourceVersion"])
