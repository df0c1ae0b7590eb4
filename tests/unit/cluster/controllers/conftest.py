from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proa.cluster import controllers
from proa.kube import Client
from support.server import api_server, running

CONFIG = controllers.ControllersConfig(
    root_ca="-----BEGIN CERTIFICATE-----",
    node_monitor_grace_period=0.2,
    orphaned_pod_quarantine=0.05,
    terminated_pod_gc_threshold=2,
)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A client of a server beside which all controllers run, with short times."""
    async with api_server(tmp_path) as server:
        client: Client = server.client()
        async with running(client, lambda manager: controllers.setup(manager, CONFIG)):
            yield client
