"""Which parts of a node run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import CoroutineType
from typing import Any, cast

import pytest

from proa import services
from proa.cli.parts.features import NetworkPlaces, start_node
from proa.settings import Settings
from support.memory_client import MemoryClient


class Group:
    """Notes what would run."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def create_task(self, work: CoroutineType[Any, Any, None]) -> None:
        self.names.add(work.__qualname__.partition(".")[0])
        work.close()


def started(monkeypatch: pytest.MonkeyPatch, places: Path, **given: Any) -> set[str]:
    group = Group()
    monkeypatch.setattr(services, "cleanup", lambda: group.names.add("cleanup"))
    settings = Settings(node_name="n", node_ip=("192.0.2.1",), **given)
    start_node(
        cast("asyncio.TaskGroup", group),
        MemoryClient().client,
        settings,
        NetworkPlaces(places, places, places, places),
    )
    return group.names


async def test_all_parts_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = {"NetworkAgent", "ServiceProxy", "DnsServer", "Manager", "LocalPathProvisioner"}
    assert started(monkeypatch, tmp_path) == names


async def test_without_kube_proxy_nothing_of_it_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = started(monkeypatch, tmp_path, disable_kube_proxy=True)
    assert "cleanup" in found
    assert "ServiceProxy" not in found
    assert found >= {"NetworkAgent", "DnsServer"}
