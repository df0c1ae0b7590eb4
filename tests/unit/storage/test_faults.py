"""Configuration reloads, lost nodes and kills at any point, on a real API server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa import storage
from proa.cluster.controllers import ControllersConfig, pv_protection
from proa.kube import (
    CONFIG_MAPS,
    EVENTS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    STORAGE_CLASSES,
    Client,
    EventRecorder,
    Informer,
    Manager,
    Object,
)
from proa.storage.caches import Caches
from proa.storage.directory import DirectoryBackend
from proa.storage.names import FINALIZER, PROVISIONED_BY, PROVISIONER, SELECTED_NODE, SELECTED_NODE_OF_VOLUME
from proa.storage.provisioner import Provisioner
from proa.storage.settings import Settings
from support.objects import claim, node, storage_class, volume
from support.server import api_server, background, eventually, running

CONFIG_MAP = ("local-path-config", "kube-system")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with api_server(tmp_path) as server:
        client: Client = server.client()
        ready = node("n1")
        made = await client.create(NODES, _fresh(ready))
        await client.update(NODES, made | {"status": ready["status"]}, subresource="status")
        # It alone lets go of volumes that the tests delete; binder and scheduler are played by the tests.
        async with running(client, lambda manager: pv_protection.setup(manager, ControllersConfig())):
            yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "volumes"


def _fresh(obj: Object) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k not in ("uid", "resourceVersion")}
    return {k: v for k, v in obj.items() if k != "status"} | {"metadata": metadata}


def provisioner(client: Client, folder: Path) -> storage.LocalPathProvisioner:
    return storage.LocalPathProvisioner(client, "n1", storage.StorageConfig(str(folder)))


async def selected_claim(client: Client, **more: Any) -> Object:
    """A claim that the scheduler has given to node n1."""
    wanted = claim(annotations={SELECTED_NODE: "n1"}, **more)
    return await client.create(PERSISTENT_VOLUME_CLAIMS, _fresh(wanted), "default")


async def made_volume(client: Client, claim: Object) -> Object:
    name = f"pvc-{claim['metadata']['uid']}"

    async def there() -> Object | None:
        found = (await client.list(PERSISTENT_VOLUMES))["items"]
        return next((v for v in found if v["metadata"]["name"] == name), None)

    return dict(await eventually(there, name))


async def event(client: Client, reason: str, namespace: str = "default") -> str:
    async def said() -> str:
        events = (await client.list(EVENTS, namespace))["items"]
        return next((e["message"] for e in events if e["reason"] == reason), "")

    return str(await eventually(said, reason))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def set_config(client: Client, document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    await client.patch(CONFIG_MAPS, CONFIG_MAP[0], {"data": {"config.json": text}}, CONFIG_MAP[1])


async def test_install_leaves_what_a_user_changed(client: Client, folder: Path) -> None:
    config = storage.StorageConfig(str(folder))
    await storage.install(client, config)
    await set_config(client, "{}")
    await client.patch(STORAGE_CLASSES, "local-path", {"metadata": {"annotations": {"mine": "yes"}}})
    await storage.install(client, config)
    assert (await client.get(CONFIG_MAPS, *CONFIG_MAP))["data"] == {"config.json": "{}"}
    kept = await client.get(STORAGE_CLASSES, "local-path")
    assert kept["metadata"]["annotations"]["mine"] == "yes"
    assert kept["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"


async def test_a_bad_configuration_is_told_and_the_last_good_one_stays(client: Client, folder: Path) -> None:
    await storage.install(client, storage.StorageConfig(str(folder)))
    async with background(provisioner(client, folder).run()):
        await made_volume(client, await selected_claim(client))
        await set_config(client, {"nodePathMap": [{"node": "n1", "paths": ["relative"]}]})
        told = await event(client, "InvalidConfig", "kube-system")
        assert told == "failed to load config: path must start with / for path relative on node n1"
        second = claim("second", annotations={SELECTED_NODE: "n1"})
        await made_volume(client, await client.create(PERSISTENT_VOLUME_CLAIMS, _fresh(second), "default"))
        assert len(names(folder)) == 2


async def test_a_mended_configuration_serves_the_claims_that_waited(client: Client, folder: Path) -> None:
    await storage.install(client, storage.StorageConfig(str(folder)))
    await set_config(client, {"nodePathMap": [{"node": "n1", "paths": []}]})
    async with background(provisioner(client, folder).run()):
        waiting = await selected_claim(client)
        assert "no local path available on node n1" in await event(client, "ProvisioningFailed")
        await set_config(client, {"nodePathMap": [{"node": "n1", "paths": [str(folder)]}]})
        await made_volume(client, waiting)
    assert len(names(folder)) == 1


async def test_a_kill_after_the_directory_was_made_does_no_harm(client: Client, folder: Path) -> None:
    await storage.install(client, storage.StorageConfig(str(folder)))
    waiting = await selected_claim(client)
    left_behind = f"pvc-{waiting['metadata']['uid']}_default_data"
    (folder / left_behind).mkdir(parents=True)
    async with background(provisioner(client, folder).run()):
        await made_volume(client, waiting)
    assert names(folder) == [left_behind]


def released(path: str, node_name: str = "n1", **metadata: Any) -> Object:
    annotations = {PROVISIONED_BY: PROVISIONER, SELECTED_NODE_OF_VOLUME: node_name}
    return volume(
        "pvc-old",
        node_name=node_name,
        metadata={"annotations": annotations, "finalizers": [FINALIZER]} | metadata,
        persistentVolumeReclaimPolicy="Delete",
        hostPath={"path": path},
        claimRef={"namespace": "default", "name": "gone", "uid": "gone"},
    )


async def create_released(client: Client, wanted: Object) -> None:
    made = await client.create(PERSISTENT_VOLUMES, _fresh(wanted))
    await client.update(PERSISTENT_VOLUMES, made | {"status": {"phase": "Released"}}, subresource="status")


async def no_volumes(client: Client) -> bool:
    return not (await client.list(PERSISTENT_VOLUMES))["items"]


async def test_a_kill_after_the_directory_was_removed_does_no_harm(client: Client, folder: Path) -> None:
    await create_released(client, released(f"{folder}/pvc-old_default_gone"))
    async with background(provisioner(client, folder).run()):
        await eventually(lambda: no_volumes(client))


async def test_a_volume_that_is_there_already_is_taken_as_made(client: Client, folder: Path) -> None:
    """The cache does not show it yet: the answer to the first create was lost."""
    await storage.install(client, storage.StorageConfig(str(folder)))
    waiting = await selected_claim(client)
    async with background(provisioner(client, folder).run()):
        made = await made_volume(client, waiting)
    manager = Manager(client)
    caches, events = Caches(manager), EventRecorder(client, "test")
    caches.claims, caches.classes = (Informer(client, r) for r in (PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES))
    settings = Settings(manager, events, str(folder))
    late = Provisioner(client, "n1", caches, settings, DirectoryBackend(), events)
    async with background(caches.claims.run()), background(caches.classes.run()):
        await caches.claims.wait_synced()
        await caches.classes.wait_synced()
        await late.reconcile("default/data")
    assert await client.get(PERSISTENT_VOLUMES, made["metadata"]["name"]) == made


async def test_a_volume_deleted_by_hand_before_it_was_bound_goes_with_its_directory(
    client: Client, folder: Path
) -> None:
    await storage.install(client, storage.StorageConfig(str(folder)))
    async with background(provisioner(client, folder).run()):
        made = await made_volume(client, await selected_claim(client))
        await client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        await client.delete(PERSISTENT_VOLUMES, made["metadata"]["name"])
        await eventually(lambda: no_volumes(client))
    assert names(folder) == []


async def test_a_volume_outside_of_the_configured_paths_is_not_touched(client: Client, folder: Path) -> None:
    precious = folder.parent / "precious"
    precious.mkdir()
    await create_released(client, released(str(precious)))
    async with background(provisioner(client, folder).run()):
        assert "is below no configured path" in await event(client, "VolumeFailedDelete")
    assert precious.is_dir()
    assert not await no_volumes(client)


async def test_a_volume_of_a_lost_node_is_let_go(client: Client, folder: Path) -> None:
    await create_released(client, released(f"{folder}/pvc-old_default_gone", "lost"))
    config = storage.StorageConfig(str(folder))
    async with running(client, lambda manager: storage.setup(manager, config)):
        await eventually(lambda: no_volumes(client))
        assert await client.get(STORAGE_CLASSES, "local-path")


async def test_a_claim_given_to_a_lost_node_goes_back_to_the_scheduler(client: Client, folder: Path) -> None:
    config = storage.StorageConfig(str(folder))
    await storage.install(client, config)
    wanted = claim(annotations={SELECTED_NODE: "lost"})
    await client.create(PERSISTENT_VOLUME_CLAIMS, _fresh(wanted), "default")
    kept = await client.create(
        PERSISTENT_VOLUME_CLAIMS, _fresh(claim("kept", annotations={SELECTED_NODE: "n1"})), "default"
    )

    async def given_back() -> bool:
        found = await client.get(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        return SELECTED_NODE not in (found["metadata"].get("annotations") or {})

    async with running(client, lambda manager: storage.setup(manager, config)):
        await eventually(given_back)
        assert await client.get(PERSISTENT_VOLUME_CLAIMS, "kept", "default") == kept


async def test_claims_of_other_nodes_and_provisioners_are_left_alone(client: Client, folder: Path) -> None:
    await storage.install(client, storage.StorageConfig(str(folder)))
    await client.create(STORAGE_CLASSES, _fresh(storage_class("foreign", provisioner="example.com/disk")))
    others: dict[str, dict[str, Any]] = {
        "elsewhere": {"annotations": {SELECTED_NODE: "n2"}},
        "foreign": {"annotations": {SELECTED_NODE: "n1"}, "storageClassName": "foreign"},
        "unselected": {},
    }
    for name, more in others.items():
        await client.create(PERSISTENT_VOLUME_CLAIMS, _fresh(claim(name, **more)), "default")
    async with background(provisioner(client, folder).run()):
        await made_volume(client, await selected_claim(client))
    assert [name.rpartition("_")[2] for name in names(folder)] == ["data"]


async def test_an_immediate_claim_on_a_node_path_is_told_that_it_needs_a_node(
    client: Client, folder: Path
) -> None:
    await storage.install(client, storage.StorageConfig(str(folder)))
    await client.create(STORAGE_CLASSES, _fresh(storage_class("now", mode="Immediate")))
    called = {"volume.kubernetes.io/storage-provisioner": PROVISIONER}
    wanted = claim(storageClassName="now", annotations=called)
    await client.create(PERSISTENT_VOLUME_CLAIMS, _fresh(wanted), "default")
    async with background(provisioner(client, folder).run()):
        assert "configuration error, no node was specified" in await event(client, "ProvisioningFailed")
