"""Which objects go with which owners, on a real API server."""

from __future__ import annotations

from typing import Any

from proa.errors import NotFound
from proa.kube import CONFIG_MAPS, EVENTS, NAMESPACES, Client, Object, Resource, owner_reference
from proa.kube.resources import PRIORITY_CLASSES
from support.server import eventually


def config_map(name: str, *references: Object, namespace: str = "default", **metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "ownerReferences": list(references)} | metadata,
    }


def priority_class(name: str, *references: Object) -> Object:
    metadata = {"name": name, "ownerReferences": list(references)}
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": metadata,
        "value": 7,
    }


def reference(owner: Object, *, blocks: bool = True, **changes: Any) -> Object:
    return owner_reference(owner, controller=False) | {"blockOwnerDeletion": blocks} | changes


async def make(client: Client, obj: Object) -> Object:
    return await client.create(CONFIG_MAPS, obj, obj["metadata"]["namespace"])


async def look(client: Client, name: str, namespace: str = "default") -> Object | None:
    return await found(client, CONFIG_MAPS, name, namespace)


async def found(client: Client, resource: Resource, name: str, namespace: str = "") -> Object | None:
    try:
        return await client.get(resource, name, namespace)
    except NotFound:
        return None


async def gone(client: Client, name: str, namespace: str = "default") -> None:
    async def is_gone() -> bool:
        return await look(client, name, namespace) is None

    await eventually(is_gone, f"{name} is gone")


async def owners_are(client: Client, name: str, *owners: str) -> None:
    async def are() -> bool:
        obj = await look(client, name)
        return obj is not None and owners == tuple(
            o["name"] for o in obj["metadata"].get("ownerReferences") or ()
        )

    await eventually(are, f"{name} belongs to {owners}")


async def settled(client: Client) -> None:
    """Until the collector has come by after all that was written before."""
    owner = await make(client, config_map("settled"))
    await make(client, config_map("settled-too", reference(owner)))
    await client.delete(CONFIG_MAPS, "settled", "default")
    await gone(client, "settled-too")


async def other_namespace(client: Client) -> None:
    await client.create(NAMESPACES, {"metadata": {"name": "other"}})


async def test_an_owner_in_another_namespace_is_none_and_an_event_says_so(client: Client) -> None:
    await other_namespace(client)
    owner = await make(client, config_map("owner", namespace="other"))
    child = await make(client, config_map("child", reference(owner)))
    await gone(client, "child")

    async def told() -> Object | None:
        events = (await client.list(EVENTS, "default"))["items"]
        return next((e for e in events if e["reason"] == "OwnerRefInvalidNamespace"), None)

    event = await eventually(told, "the event")
    named = f"[v1/ConfigMap, namespace: default, name: owner, uid: {owner['metadata']['uid']}]"
    assert event["message"] == f'ownerRef {named} does not exist in namespace "default"'
    assert event["involvedObject"]["uid"] == child["metadata"]["uid"]
    assert event["source"]["component"] == "garbage-collector-controller"
    assert await look(client, "owner", "other") is not None


async def test_a_cluster_wide_object_stays_whatever_namespaced_owner_it_names(client: Client) -> None:
    owner = await make(client, config_map("owner"))
    await client.create(PRIORITY_CLASSES, priority_class("present", reference(owner)))
    absent = reference(owner, name="absent", uid="11111111-2222-3333-4444-555555555555")
    await client.create(PRIORITY_CLASSES, priority_class("absent", absent))
    await client.delete(CONFIG_MAPS, "owner", "default")
    await settled(client)
    assert await found(client, PRIORITY_CLASSES, "present") is not None
    assert await found(client, PRIORITY_CLASSES, "absent") is not None


async def test_a_cluster_wide_owner_takes_objects_of_all_namespaces_along(client: Client) -> None:
    await other_namespace(client)
    owner = await client.create(PRIORITY_CLASSES, priority_class("owner"))
    await make(client, config_map("here", reference(owner)))
    await make(client, config_map("there", reference(owner), namespace="other"))
    await settled(client)
    assert await look(client, "here") is not None
    await client.delete(PRIORITY_CLASSES, "owner")
    await gone(client, "here")
    await gone(client, "there", "other")


async def test_a_reference_with_the_uid_of_an_object_of_another_name_is_absent(client: Client) -> None:
    owner = await make(client, config_map("owner"))
    await make(client, config_map("child", reference(owner, name="another")))
    await gone(client, "child")
    assert await look(client, "owner") is not None


async def test_nothing_is_decided_about_owners_of_kinds_that_nobody_serves(client: Client) -> None:
    owner = await make(client, config_map("owner"))
    unknown = reference(owner, apiVersion="example.com/v1", kind="Unknown", uid="none")
    await make(client, config_map("child", unknown))
    await settled(client)
    assert await look(client, "child") is not None


async def test_foreground_takes_those_along_that_do_not_block(client: Client) -> None:
    owner = await make(client, config_map("owner"))
    await make(client, config_map("free", reference(owner, blocks=False)))
    await make(client, config_map("held", reference(owner), finalizers=["example.com/hold"]))
    await client.delete(CONFIG_MAPS, "owner", "default", propagation_policy="Foreground")
    await gone(client, "free")
    assert await look(client, "owner") is not None, "held blocks it still"
    await client.patch(CONFIG_MAPS, "held", {"metadata": {"finalizers": None}}, "default")
    await gone(client, "owner")


async def test_foreground_lets_go_of_what_has_another_owner(client: Client) -> None:
    owner = await make(client, config_map("owner"))
    left = await make(client, config_map("left"))
    await make(client, config_map("child", reference(owner), reference(left)))
    await client.delete(CONFIG_MAPS, "owner", "default", propagation_policy="Foreground")
    await gone(client, "owner")
    await owners_are(client, "child", "left")


async def test_objects_that_own_each_other_go_together(client: Client) -> None:
    first = await make(client, config_map("first"))
    second = await make(client, config_map("second", reference(first)))
    patch = {"metadata": {"ownerReferences": [reference(second)]}}
    await client.patch(CONFIG_MAPS, "first", patch, "default")
    await settled(client)
    await client.delete(CONFIG_MAPS, "first", "default", propagation_policy="Foreground")
    await gone(client, "first")
    await gone(client, "second")


async def test_a_chain_goes_from_its_end_when_its_first_is_deleted_in_the_foreground(client: Client) -> None:
    first = await make(client, config_map("first"))
    second = await make(client, config_map("second", reference(first)))
    await make(client, config_map("third", reference(second), finalizers=["example.com/hold"]))
    await client.delete(CONFIG_MAPS, "first", "default", propagation_policy="Foreground")

    async def third_ends() -> bool:
        third = await look(client, "third")
        return third is not None and "deletionTimestamp" in third["metadata"]

    await eventually(third_ends)
    second = await look(client, "second") or {}
    assert "foregroundDeletion" in second["metadata"]["finalizers"]
    await client.patch(CONFIG_MAPS, "third", {"metadata": {"finalizers": None}}, "default")
    await gone(client, "first")
