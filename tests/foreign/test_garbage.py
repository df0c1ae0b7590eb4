"""What goes with its owner or its namespace, and what is said of it, beside kube-controller-manager."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proa.cluster.controllers import ControllersConfig, garbage_collector, namespace
from proa.errors import NotFound
from proa.kube import CONFIG_MAPS, EVENTS, NAMESPACES, Client, Object, Resource, owner_reference
from proa.kube.resources import PRIORITY_CLASSES
from support.real_kubernetes import control_plane, missing_programs
from support.server import api_server, eventually, running

_MISSING = missing_programs()
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
    pytest.mark.asyncio(loop_scope="module"),
]
Story = Callable[[Client], Awaitable[Any]]
HOLD = ["example.com/hold"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    async with control_plane(tmp_path_factory.mktemp("real")) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def ours(tmp_path: Path) -> AsyncIterator[Client]:
    config = ControllersConfig()
    async with api_server(tmp_path) as server:
        client = server.client()
        setups = (
            lambda manager: garbage_collector.setup(manager, config),
            lambda manager: namespace.setup(manager, config),
        )
        async with running(client, *setups):
            yield client


async def make(client: Client, name: str, *owners: Object, where: str = "story", **metadata: Any) -> Object:
    body = {"metadata": {"name": name, "ownerReferences": list(owners)} | metadata}
    return await client.create(CONFIG_MAPS, body | {"apiVersion": "v1", "kind": "ConfigMap"}, where)


def by(owner: Object, *, blocks: bool = True) -> Object:
    typed = {"apiVersion": "v1", "kind": "ConfigMap"} | owner
    return owner_reference(typed, controller=False) | {"blockOwnerDeletion": blocks}


async def names(client: Client, where: str = "story") -> list[str]:
    """The ConfigMaps that are left, but for the cluster's own."""
    found = [item["metadata"]["name"] for item in (await client.list(CONFIG_MAPS, where))["items"]]
    return sorted(set(found) - {"kube-root-ca.crt"})


async def there(client: Client, resource: Resource, name: str) -> bool:
    try:
        await client.get(resource, name)
    except NotFound:
        return False
    return True


async def settled(client: Client) -> list[str]:
    """What is left when the collector has come by after all that was written before."""
    owner = await make(client, "settled")
    await make(client, "settled-too", by(owner))
    await client.delete(CONFIG_MAPS, "settled", "story")

    async def done() -> bool:
        return "settled-too" not in await names(client)

    await eventually(done, "the collector's turn")
    return await names(client)


async def release(client: Client, name: str) -> None:
    await client.patch(CONFIG_MAPS, name, {"metadata": {"finalizers": None}}, "story")


async def an_owner_of_another_namespace(client: Client) -> Any:
    owner = await make(client, "owner", where="default")
    await make(client, "child", by(owner))

    async def told() -> Object | None:
        events = (await client.list(EVENTS, "story"))["items"]
        return next((e for e in events if e["reason"] == "OwnerRefInvalidNamespace"), None)

    event = await eventually(told, "the event")
    await client.delete(CONFIG_MAPS, "owner", "default")
    said = re.sub(r"uid: [0-9a-f-]+", "uid: UID", event["message"])

    async def collected() -> bool:
        return await names(client) == []

    await eventually(collected, "the end of the child")
    return said, event["type"], event["source"], event["involvedObject"]["kind"]


async def a_cluster_wide_dependent(client: Client) -> Any:
    owner = await make(client, "owner")
    metadata = {"name": "story", "ownerReferences": [by(owner)]}
    await client.create(PRIORITY_CLASSES, {"metadata": metadata, "value": 7})
    await client.delete(CONFIG_MAPS, "owner", "story")
    left = await settled(client), await there(client, PRIORITY_CLASSES, "story")
    await client.delete(PRIORITY_CLASSES, "story")
    return left


async def owners_that_are_not(client: Client) -> Any:
    owner = await make(client, "owner")
    await make(client, "other-name", by(owner) | {"name": "another"})
    await make(client, "other-uid", by(owner) | {"uid": "11111111-2222-3333-4444-555555555555"})
    unknown = {
        "apiVersion": "example.com/v1",
        "kind": "Unknown",
        "uid": "22222222-2222-3333-4444-555555555555",
    }
    await make(client, "other-kind", by(owner) | unknown)
    await make(client, "good", by(owner))
    await settled(client)

    async def gone() -> bool:
        return not {"other-name", "other-uid"} & set(await names(client))

    await eventually(gone, "the end of both")
    return await names(client)


async def foreground(client: Client) -> Any:
    owner, another = await make(client, "owner"), await make(client, "another")
    await make(client, "free", by(owner, blocks=False))
    await make(client, "shared", by(owner), by(another))
    await make(client, "held", by(owner), finalizers=HOLD)
    await client.delete(CONFIG_MAPS, "owner", "story", propagation_policy="Foreground")
    before = await settled(client)
    await release(client, "held")

    async def gone() -> bool:
        return "owner" not in await names(client)

    await eventually(gone, "the owner's end")
    shared = await client.get(CONFIG_MAPS, "shared", "story")
    return before, await names(client), [o["name"] for o in shared["metadata"]["ownerReferences"]]


async def a_circle(client: Client) -> Any:
    first = await make(client, "first")
    second = await make(client, "second", by(first))
    await client.patch(CONFIG_MAPS, "first", {"metadata": {"ownerReferences": [by(second)]}}, "story")
    before = await settled(client)
    await client.delete(CONFIG_MAPS, "first", "story", propagation_policy="Foreground")

    async def gone() -> bool:
        return not await names(client)

    await eventually(gone, "the end of both")
    return before


async def orphans(client: Client) -> Any:
    owner = await make(client, "owner")
    await make(client, "child", by(owner))
    await client.delete(CONFIG_MAPS, "owner", "story", propagation_policy="Orphan")

    async def gone() -> bool:
        return "owner" not in await names(client)

    await eventually(gone, "the owner's end")
    child = await client.get(CONFIG_MAPS, "child", "story")
    return await settled(client), child["metadata"].get("ownerReferences")


async def a_namespace_with_a_finalizer_in_it(client: Client) -> Any:
    await make(client, "held", finalizers=HOLD)
    await make(client, "free")
    await client.delete(NAMESPACES, "story")

    async def told() -> list[Object] | None:
        found = (await client.get(NAMESPACES, "story"))["status"].get("conditions") or []
        remaining = any(c["type"] == "NamespaceFinalizersRemaining" and c["status"] == "True" for c in found)
        return found if remaining else None

    conditions = await eventually(told, "the finalizer is told")
    left = await names(client)
    await release(client, "held")
    return left, [{k: v for k, v in c.items() if k != "lastTransitionTime"} for c in conditions]


STORIES: tuple[Story, ...] = (
    an_owner_of_another_namespace,
    a_cluster_wide_dependent,
    owners_that_are_not,
    foreground,
    a_circle,
    orphans,
    a_namespace_with_a_finalizer_in_it,
)


async def told(client: Client, story: Story) -> Any:
    """What a story ends with, in a namespace that is gone afterwards."""
    await client.create(NAMESPACES, {"metadata": {"name": "story"}})
    try:
        return await story(client)
    finally:
        if await there(client, NAMESPACES, "story"):
            await client.delete(NAMESPACES, "story")

        async def gone() -> bool:
            return not await there(client, NAMESPACES, "story")

        await eventually(gone, "the end of the story")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_story_ends_as_it_does_upstream(ours: Client, real: Client, story: Story) -> None:
    assert await told(ours, story) == await told(real, story)
