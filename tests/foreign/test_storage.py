"""The provisioner beside a real control plane: kube-scheduler selects, ours provisions, theirs binds.

There is no kubelet: the nodes are objects, so pods are scheduled but do not run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from proa import storage
from proa.errors import NotFound
from proa.kube import (
    CONFIG_MAPS,
    EVENTS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICE_ACCOUNTS,
    STORAGE_CLASSES,
    Client,
    Object,
    Resource,
)
from support.objects import claim, node, pod, storage_class, with_claims
from support.real_kubernetes import control_plane, missing_programs
from support.server import background, eventually

_MISSING = missing_programs()
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
    pytest.mark.asyncio(loop_scope="module"),
]
_SHARED = '{"sharedFileSystemPath": "%s"}'


class Cluster:
    def __init__(self, client: Client, volumes: Path) -> None:
        self.client = client
        self.volumes = volumes

    async def create(self, *objects: Object) -> None:
        kinds: dict[str, Resource] = {
            "Pod": PODS,
            "PersistentVolumeClaim": PERSISTENT_VOLUME_CLAIMS,
            "StorageClass": STORAGE_CLASSES,
        }
        for obj in objects:
            namespace = obj["metadata"].get("namespace", "")
            await self.client.create(kinds[obj["kind"]], _fresh(obj), namespace)

    async def bound(self, name: str) -> Object:
        async def is_bound() -> Object | None:
            found = await self.client.get(PERSISTENT_VOLUME_CLAIMS, name, "default")
            return found if found["status"]["phase"] == "Bound" else None

        return dict(await eventually(is_bound, f"{name} bound"))

    async def message(self, name: str, reason: str) -> str:
        async def said() -> str:
            events = (
                await self.client.list(EVENTS, "default", field_selector=f"involvedObject.name={name}")
            )["items"]
            return next((e["message"] for e in events if e["reason"] == reason), "")

        return str(await eventually(said, f"{reason} about {name}"))

    async def remove(self, name: str) -> None:
        """The pod and its claim, both of that name."""
        await self.client.delete(PODS, name, "default", grace_period_seconds=0)
        await self.client.delete(PERSISTENT_VOLUME_CLAIMS, name, "default")

    async def volume_is_gone(self, name: str) -> None:
        async def gone() -> bool:
            try:
                await self.client.get(PERSISTENT_VOLUMES, name)
            except NotFound:
                return True
            return False

        await eventually(gone, f"{name} gone")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder = tmp_path_factory.mktemp("real")
    volumes = folder / "volumes"
    config = storage.StorageConfig(str(volumes))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(control_plane(folder))
        for name in ("n1", "n2"):
            wanted = node(name)
            await client.create(NODES, _fresh(wanted))
            await client.patch(NODES, name, {"status": wanted["status"]}, subresource="status")
            await client.patch(NODES, name, {"spec": {"taints": None}})
            provisioner = storage.LocalPathProvisioner(client, name, config)
            await stack.enter_async_context(background(provisioner.run()))
        await storage.install(client, config)

        async def account() -> bool:
            return bool((await client.list(SERVICE_ACCOUNTS, "default"))["items"])

        await eventually(account)
        yield Cluster(client, volumes)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _fresh(obj: Object) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k not in ("uid", "resourceVersion")}
    return {k: v for k, v in obj.items() if k != "status"} | {"metadata": metadata}


async def test_a_claim_gets_its_volume_and_gives_it_back(cluster: Cluster) -> None:
    await cluster.create(claim("once"), pod("once", **with_claims("once")))
    bound = await cluster.bound("once")
    name = bound["spec"]["volumeName"]
    volume = await cluster.client.get(PERSISTENT_VOLUMES, name)
    where = volume["metadata"]["annotations"]["local.path.provisioner/selected-node"]
    assert volume["spec"]["local"]["path"] == f"{cluster.volumes}/{name}_default_once"
    assert listing(cluster.volumes) == [f"{name}_default_once"]
    assert await cluster.message("once", "ProvisioningSucceeded") == f"Successfully provisioned volume {name}"
    assert await cluster.message("once", "Scheduled") == f"Successfully assigned default/once to {where}"
    await cluster.remove("once")
    await cluster.volume_is_gone(name)
    assert listing(cluster.volumes) == []


async def test_ten_at_once(cluster: Cluster) -> None:
    names = [f"many-{index}" for index in range(10)]
    await cluster.create(*(claim(name) for name in names))
    await cluster.create(*(pod(name, **with_claims(name)) for name in names))
    volumes = [(await cluster.bound(name))["spec"]["volumeName"] for name in names]
    for name, volume in zip(names, volumes, strict=True):
        await cluster.remove(name)
        await cluster.volume_is_gone(volume)


async def test_modes_that_one_node_cannot_give_are_refused(cluster: Cluster) -> None:
    await cluster.create(claim("many", accessModes=["ReadWriteMany"]), pod("many", **with_claims("many")))
    assert await cluster.message("many", "ProvisioningFailed") == (
        'failed to provision volume with StorageClass "local-path": '
        "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes"
    )
    await cluster.remove("many")


async def test_a_shared_path_serves_an_immediate_class_after_a_reload(
    cluster: Cluster, tmp_path: Path
) -> None:
    before = await cluster.client.get(CONFIG_MAPS, "local-path-config", "kube-system")
    shared = before | {"data": {"config.json": _SHARED % tmp_path}}
    await cluster.client.update(CONFIG_MAPS, shared)
    await cluster.create(storage_class("shared", mode="Immediate"))
    await cluster.create(claim("together", storageClassName="shared", accessModes=["ReadWriteMany"]))
    volume = await cluster.client.get(
        PERSISTENT_VOLUMES, (await cluster.bound("together"))["spec"]["volumeName"]
    )
    assert "nodeAffinity" not in volume["spec"]
    assert Path(volume["spec"]["hostPath"]["path"]).parent == tmp_path
    await cluster.client.delete(PERSISTENT_VOLUME_CLAIMS, "together", "default")
    await cluster.volume_is_gone(volume["metadata"]["name"])
    assert listing(tmp_path) == []
    current = await cluster.client.get(CONFIG_MAPS, "local-path-config", "kube-system")
    await cluster.client.update(CONFIG_MAPS, current | {"data": before["data"]})
