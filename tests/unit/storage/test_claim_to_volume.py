"""A claim becomes a volume: scheduler, binder and provisioner together on a real API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from proa import storage
from proa.cluster import controllers, scheduler
from proa.errors import NotFound
from proa.kube import (
    EVENTS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICE_ACCOUNTS,
    STORAGE_CLASSES,
    Client,
    Object,
)
from proa.storage import resizer
from proa.storage.directory import DirectoryBackend
from proa.storage.names import FINALIZER
from support.objects import claim, node, pod, storage_class, with_claims
from support.server import api_server, background, eventually, running

DATA = "default/data"


class Flaky(DirectoryBackend):
    """A directory backend whose disk is full as long as `fault` says so."""

    fault: OSError | None = None

    def make(self, base: str, relative: str) -> None:
        if self.fault is not None:
            raise self.fault
        super().make(base, relative)


class World:
    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.backend = Flaky()

    async def claim(self, name: str = "data") -> Object:
        return await self.client.get(PERSISTENT_VOLUME_CLAIMS, name, "default")

    async def phase(self, name: str = "data") -> str:
        return str(((await self.claim(name)).get("status") or {}).get("phase"))

    async def volumes(self) -> list[Object]:
        return list((await self.client.list(PERSISTENT_VOLUMES))["items"])

    async def directories(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    async def events(self, reason: str) -> list[str]:
        events = (await self.client.list(EVENTS, "default"))["items"]
        return [event["message"] for event in events if event["reason"] == reason]

    async def bound(self, name: str = "data") -> Object:
        async def is_bound() -> bool:
            return await self.phase(name) == "Bound"

        await eventually(is_bound, f"{name} bound")
        return await self.claim(name)

    async def running_on(self, name: str) -> str:
        async def where() -> str:
            return str((await self.client.get(PODS, name, "default"))["spec"].get("nodeName") or "")

        return str(await eventually(where, f"{name} scheduled"))

    async def gone(self) -> None:
        async def nothing() -> bool:
            return not await self.volumes() and not await self.directories()

        await eventually(nothing, "volume and directory gone")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(api_server(tmp_path))
        client = server.client()
        world = World(client, tmp_path / "volumes")
        config = storage.StorageConfig(str(world.folder))
        for name in ("n1", "n2"):
            fresh = node(name)
            created = await client.create(NODES, fresh)
            await client.update(NODES, created | {"status": fresh["status"]}, subresource="status")
            provisioner = storage.LocalPathProvisioner(client, name, config, world.backend)
            await stack.enter_async_context(background(provisioner.run()))
        await storage.install(client, config)
        quick = controllers.ControllersConfig(node_monitor_grace_period=3600)
        await stack.enter_async_context(
            running(client, lambda m: controllers.setup(m, quick), scheduler.setup, resizer.setup)
        )
        await eventually(lambda: has_account(client))
        await eventually(lambda: are_open(client))
        yield world


async def are_open(client: Client) -> bool:
    """Whether the taint of nodes that are not Ready yet is gone."""
    return not any(one["spec"].get("taints") for one in (await client.list(NODES))["items"])


async def has_account(client: Client) -> Any:
    return (await client.list(SERVICE_ACCOUNTS, "default"))["items"]


def fresh(obj: Object) -> Object:
    """Without what only a server sets."""
    kept = {k: v for k, v in obj["metadata"].items() if k not in ("uid", "resourceVersion")}
    return {k: v for k, v in obj.items() if k != "status"} | {"metadata": kept}


async def create(world: World, *objects: Object) -> None:
    resources = {
        "Pod": PODS,
        "PersistentVolumeClaim": PERSISTENT_VOLUME_CLAIMS,
        "PersistentVolume": PERSISTENT_VOLUMES,
        "StorageClass": STORAGE_CLASSES,
    }
    for obj in objects:
        await world.client.create(resources[obj["kind"]], fresh(obj), obj["metadata"].get("namespace", ""))


async def test_first_consumer_to_mounted_volume_and_back(world: World) -> None:
    await create(world, claim())
    await eventually(lambda: world.events("WaitForFirstConsumer"))
    await create(world, pod(**with_claims("data")))
    where = await world.running_on("p")
    bound = await world.bound()
    (volume,) = await world.volumes()
    assert bound["spec"]["volumeName"] == volume["metadata"]["name"] == f"pvc-{bound['metadata']['uid']}"
    assert (
        bound["metadata"]["annotations"]
        | {
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            "volume.kubernetes.io/selected-node": where,
            "volume.kubernetes.io/storage-provisioner": "rancher.io/local-path",
            "volume.beta.kubernetes.io/storage-provisioner": "rancher.io/local-path",
        }
        == bound["metadata"]["annotations"]
    )
    told = {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    assert bound["status"] | told == bound["status"]
    assert await world.directories() == [f"{volume['metadata']['name']}_default_data"]
    assert await eventually(lambda: world.events("ProvisioningSucceeded")) == [
        f"Successfully provisioned volume {volume['metadata']['name']}"
    ]
    assert await eventually(lambda: world.events("Scheduled")) == [
        f"Successfully assigned default/p to {where}"
    ]

    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    assert "deletionTimestamp" in (await world.claim())["metadata"]  # a pod uses it
    await world.client.delete(PODS, "p", "default", grace_period_seconds=0)
    await world.gone()
    with pytest.raises(NotFound):
        await world.claim()


async def test_thirty_at_once(world: World) -> None:
    names = [f"data-{i}" for i in range(30)]
    await create(world, *(claim(name) for name in names))
    await create(world, *(pod(f"p-{name}", **with_claims(name)) for name in names))
    nodes = await asyncio.gather(*(world.running_on(f"p-{name}") for name in names))
    assert {nodes.count("n1"), nodes.count("n2")} == {15}
    assert len(await world.directories()) == 30


async def test_a_second_pod_follows_the_volume(world: World) -> None:
    await create(world, claim(), pod("first", **with_claims("data")))
    where = await world.running_on("first")
    await create(world, pod("second", **with_claims("data")))
    assert await world.running_on("second") == where


async def test_a_full_disk_is_told_and_tried_again(world: World) -> None:
    world.backend.fault = OSError(28, "No space left on device", str(world.folder))
    await create(world, claim(), pod(**with_claims("data")))
    (message,) = await eventually(lambda: world.events("ProvisioningFailed"))
    assert message == (
        f'failed to provision volume with StorageClass "local-path": {world.folder}: no space left on device'
    )
    world.backend.fault = None
    await world.bound()
    assert await world.running_on("p")


async def test_retain_keeps_the_directory(world: World) -> None:
    await create(world, storage_class("keep", reclaimPolicy="Retain"))
    await create(world, claim(storageClassName="keep"), pod(**with_claims("data")))
    await world.bound()
    (before,) = await world.directories()
    await world.client.delete(PODS, "p", "default", grace_period_seconds=0)
    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")

    async def released() -> bool:
        return [v["status"]["phase"] for v in await world.volumes()] == ["Released"]

    await eventually(released, "released")
    assert await world.directories() == [before]
    (volume,) = await world.volumes()
    assert FINALIZER not in (volume["metadata"].get("finalizers") or [])


async def test_a_volume_deleted_by_hand_goes_with_its_directory_once_the_claim_goes(world: World) -> None:
    await create(world, claim(), pod(**with_claims("data")))
    await world.bound()
    (volume,) = await world.volumes()
    await world.client.delete(PERSISTENT_VOLUMES, volume["metadata"]["name"])
    await world.client.delete(PODS, "p", "default", grace_period_seconds=0)
    assert len(await world.directories()) == 1
    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    await world.gone()


async def test_the_default_class_is_assigned_later_too(world: World) -> None:
    await world.client.delete(STORAGE_CLASSES, "local-path")
    unclassed = claim()
    del unclassed["spec"]["storageClassName"]
    await create(world, unclassed)
    (message,) = await eventually(lambda: world.events("FailedBinding"))
    assert message == "no persistent volumes available for this claim and no storage class is set"
    await storage.install(world.client, storage.StorageConfig(str(world.folder)))
    await create(world, pod(**with_claims("data")))
    await world.bound()


async def test_unschedulable_is_told_in_event_and_condition(world: World) -> None:
    await create(world, pod(cpu="64"))
    (message,) = await eventually(lambda: world.events("FailedScheduling"))
    assert message.startswith("0/2 nodes are available: 2 Insufficient cpu. preemption: ")

    async def condition() -> Object | None:
        conditions = (await world.client.get(PODS, "p", "default"))["status"].get("conditions") or []
        return next((c for c in conditions if c["type"] == "PodScheduled"), None)

    told = await eventually(condition)
    assert (told["status"], told["reason"], told["message"]) == ("False", "Unschedulable", message)


async def test_a_pod_is_scheduled_when_another_makes_room(world: World) -> None:
    await create(world, pod("first", cpu="3"), pod("second", cpu="3"))
    for name in ("first", "second"):
        await world.running_on(name)
    await create(world, pod("third", cpu="3"))
    await eventually(lambda: world.events("FailedScheduling"))
    await world.client.delete(PODS, "first", "default", grace_period_seconds=0)
    assert await world.running_on("third")


async def test_a_claim_grows_where_its_class_lets_it(world: World) -> None:
    await create(world, storage_class("growing") | {"allowVolumeExpansion": True})
    await create(world, claim(storageClassName="growing"), pod(**with_claims("data")))
    await world.bound()
    larger = {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}
    await world.client.patch(PERSISTENT_VOLUME_CLAIMS, "data", larger, "default")

    async def grown() -> bool:
        return bool((await world.claim())["status"]["capacity"]["storage"] == "3Gi")

    await eventually(grown)
    (volume,) = await world.volumes()
    assert volume["spec"]["capacity"]["storage"] == "3Gi"
    await eventually(lambda: world.events("VolumeResizeSuccessful"))
