from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.kube import WatchEvent
from proa.machine import waiting
from proa.machine.waiting import says_ready

NOON = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)


def node(status: str, said: str) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "lastHeartbeatTime": said}
    return {"metadata": {"name": "n"}, "status": {"conditions": [condition]}}


@pytest.mark.parametrize(
    ("status", "said", "since", "ready"),
    [
        pytest.param("True", "2026-01-01T12:00:00Z", NOON, True, id="said now"),
        pytest.param("True", "2026-01-01T11:59:59Z", NOON, False, id="said before it was stopped"),
        pytest.param("True", "2026-01-01T11:59:59Z", None, True, id="its agent went on running"),
        pytest.param("Unknown", "2026-01-01T12:00:01Z", None, False, id="not known"),
    ],
)
def test_what_counts_as_ready(status: str, said: str, since: dt.datetime | None, ready: bool) -> None:
    assert says_ready(node(status, said), since) is ready


def test_a_new_node_is_not_ready() -> None:
    assert not says_ready({"metadata": {"name": "n"}}, None)


class Restarted:
    """A client of a server that dies once while it is watched."""

    def __init__(self, _: object) -> None:
        self.watches = 0

    async def list(self, _: object) -> dict[str, Any]:
        return {"metadata": {"resourceVersion": "1"}, "items": []}

    async def watch(self, _: object, **__: object) -> AsyncIterator[WatchEvent]:
        self.watches += 1
        if self.watches == 1:
            raise aiohttp.ClientPayloadError("the server died")
        yield WatchEvent("ADDED", node("True", "2999-01-01T12:00:00Z"))

    async def close(self) -> None:
        pass


async def test_a_server_that_dies_and_comes_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "HttpClient", Restarted)
    monkeypatch.setattr(waiting, "load_config", lambda _: None)
    told: list[str] = []
    await waiting.nodes_ready(Path("kubeconfig"), ["n"], [], told.append)
    assert told == ["the API server answers", "node n is Ready"]
