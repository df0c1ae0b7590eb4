"""The quota controller beside a real API server: the status follows what is there."""

from __future__ import annotations

from pathlib import Path

from proa.cluster.controllers import resource_quota
from proa.cluster.controllers.config import ControllersConfig
from proa.kube import CONFIG_MAPS, PODS, SERVICE_ACCOUNTS, Manager, Object
from proa.kube.resources import RESOURCE_QUOTAS
from support.server import api_server, eventually, running


def setup(manager: Manager) -> None:
    resource_quota.setup(manager, ControllersConfig())


async def test_the_status_follows_creates_and_deletes(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        hard = {"pods": "9", "requests.memory": "1Gi", "count/configmaps": "5", "count/jobs.batch": "1"}
        await client.create(RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard}}, "default")

        async def status() -> Object:
            quota = await client.get(RESOURCE_QUOTAS, "q", "default")
            return quota.get("status") or {}

        async def used(**names: str) -> bool:
            return names.items() <= ((await status()).get("used") or {}).items()

        async with running(client, setup):
            await eventually(lambda: used(pods="0", **{"count/jobs.batch": "0"}), "nothing is used")
            container = {"name": "c", "image": "i", "resources": {"requests": {"memory": "128Mi"}}}
            for name in ("a", "b"):
                await client.create(
                    PODS, {"metadata": {"name": name}, "spec": {"containers": [container]}}, "default"
                )
            await client.create(CONFIG_MAPS, {"metadata": {"name": "c"}}, "default")
            await eventually(lambda: used(pods="2", **{"requests.memory": "256Mi", "count/configmaps": "1"}))
            await client.delete(PODS, "a", "default")
            await eventually(lambda: used(pods="1", **{"requests.memory": "128Mi"}))
            assert (await status())["hard"] == hard

            await client.patch(RESOURCE_QUOTAS, "q", {"spec": {"hard": {"pods": None}}}, "default")
            await eventually(lambda: used(**{"requests.memory": "128Mi"}))

            async def forgets_pods() -> bool:
                return "pods" not in (await status())["used"]

            await eventually(forgets_pods)
