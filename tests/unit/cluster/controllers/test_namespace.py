"""What a namespace says while it is deleted, and what its deletion touches."""

from __future__ import annotations

from typing import Any

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.namespace import NamespaceDeletion
from proa.cluster.controllers.namespace_conditions import conditions
from proa.cluster.controllers.namespace_content import Remains, delete_content
from proa.errors import Forbidden, NotFound
from proa.kube import CONFIG_MAPS, NAMESPACES, PODS, SECRETS, Client, Manager, Object, Resource
from support.memory_client import MemoryClient
from support.server import eventually

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")


def _obj(name: str, *finalizers: str, **more: Any) -> Object:
    return {"metadata": {"name": name, "namespace": "team", "finalizers": list(finalizers)} | more}


def _said(found: list[Object]) -> dict[str, tuple[str, str, str]]:
    return {c["type"]: (c["status"], c["reason"], c["message"]) for c in found}


def test_all_conditions_are_false_when_nothing_is_left() -> None:
    assert _said(conditions([], Remains())) == {
        "NamespaceDeletionDiscoveryFailure": (
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        "NamespaceDeletionGroupVersionParsingFailure": (
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        "NamespaceDeletionContentFailure": (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        "NamespaceContentRemaining": ("False", "ContentRemoved", "All content successfully removed"),
        "NamespaceFinalizersRemaining": (
            "False",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
    }


def test_what_is_left_is_counted_by_kind_and_by_finalizer() -> None:
    remains = Remains(faults=["b is forbidden", "a is forbidden"])
    remains.add(PODS, _obj("p", "example.com/hold"))
    remains.add(DEPLOYMENTS, _obj("d", "example.com/hold", "foregroundDeletion"))
    said = _said(conditions([], remains))
    assert said["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        (
            "Some resources are remaining: deployments.apps has 1 resource instances, "
            "pods. has 1 resource instances"
        ),
    )
    assert said["NamespaceFinalizersRemaining"] == (
        "True",
        "SomeFinalizersRemain",
        (
            "Some content in the namespace has finalizers remaining: "
            "example.com/hold in 2 resource instances, foregroundDeletion in 1 resource instances"
        ),
    )
    assert said["NamespaceDeletionContentFailure"] == (
        "True",
        "ContentDeletionFailed",
        "Failed to delete all resource types, 2 remaining: a is forbidden, b is forbidden",
    )


def test_conditions_that_stay_change_nothing_and_those_that_turn_get_a_time() -> None:
    old = [c | {"lastTransitionTime": "2026-01-01T00:00:00Z"} for c in conditions([], Remains())]
    assert conditions(old, Remains()) == old
    remains = Remains()
    remains.add(PODS, _obj("p"))
    turned = [
        c["type"] for c in conditions(old, remains) if c["lastTransitionTime"] != "2026-01-01T00:00:00Z"
    ]
    assert turned == ["NamespaceContentRemaining"]


class _Refusing(MemoryClient):
    """Lets nobody delete one object."""

    async def delete(self, resource: Resource, name: str, namespace: str = "", **more: Any) -> Object:
        if name == "refused":
            raise Forbidden("refused is protected")
        return await super().delete(resource, name, namespace, **more)


async def test_a_refusal_keeps_neither_other_objects_nor_other_kinds() -> None:
    memory = _Refusing()
    for name in ("refused", "other"):
        memory.put(CONFIG_MAPS, _obj(name))
    memory.put(SECRETS, _obj("s"))
    remains = await delete_content(memory.client, (CONFIG_MAPS, SECRETS), "team")
    assert remains.faults == ["refused is protected"]
    assert remains.objects == {"configmaps.": 1}
    assert [obj["metadata"]["name"] for obj in memory.all(CONFIG_MAPS)] == ["refused"]
    assert memory.all(SECRETS) == []


async def test_pods_that_cannot_be_deleted_keep_everything_else() -> None:
    memory = _Refusing()
    memory.put(PODS, _obj("refused"))
    memory.put(CONFIG_MAPS, _obj("c"))
    deletion = NamespaceDeletion(Manager(memory.client), ControllersConfig())
    remains = await deletion._empty("team")
    assert remains.faults
    assert len(memory.all(CONFIG_MAPS)) == 1


async def test_the_content_of_a_new_namespace_of_the_same_name_stays() -> None:
    memory = MemoryClient()
    manager = Manager(memory.client)
    deletion = NamespaceDeletion(manager, ControllersConfig())
    ending = {"metadata": {"name": "team", "deletionTimestamp": "x"}, "spec": {"finalizers": ["kubernetes"]}}
    memory.put(NAMESPACES, ending)
    await deletion.namespaces._replace_all()
    memory.put(NAMESPACES, {"metadata": {"name": "team"}, "spec": {"finalizers": ["kubernetes"]}})
    memory.put(PODS, _obj("p"))
    assert await deletion.reconcile("team") is None
    assert len(memory.all(PODS)) == 1


async def test_a_finalizer_is_told_and_holds_the_namespace(client: Client) -> None:
    await client.create(NAMESPACES, {"metadata": {"name": "team"}})
    await client.create(CONFIG_MAPS, _obj("held", "example.com/hold"), "team")
    await client.delete(NAMESPACES, "team")

    async def told() -> bool:
        found = (await client.get(NAMESPACES, "team"))["status"].get("conditions") or []
        said = _said(found).get("NamespaceFinalizersRemaining", ("", "", ""))[2]
        return said.endswith("finalizers remaining: example.com/hold in 1 resource instances")

    await eventually(told, "the finalizer is told")
    await client.patch(CONFIG_MAPS, "held", {"metadata": {"finalizers": None}}, "team")

    async def gone() -> bool:
        try:
            await client.get(NAMESPACES, "team")
        except NotFound:
            return True
        return False

    await eventually(gone, "the namespace is gone")
