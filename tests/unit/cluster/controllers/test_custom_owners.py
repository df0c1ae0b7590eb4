"""Owners that are custom resources, which go with the definition of their kind."""

from __future__ import annotations

from proa.cluster.controllers.custom_resources import resource_of
from proa.cluster.controllers.garbage_collector import GarbageCollector
from proa.kube import CONFIG_MAPS, Informer, Object, Resource
from support.memory_client import MemoryClient

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")


def _obj(name: str, kind: str, *owners: Object) -> Object:
    return {
        "apiVersion": "example.com/v1" if kind == "Widget" else "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "a", "uid": name, "ownerReferences": list(owners)},
    }


OWNER = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "owner", "uid": "owner"}


async def _collector(memory: MemoryClient) -> GarbageCollector:
    """A collector that has seen a widget and a ConfigMap of it, after which the widgets vanished."""
    collector = GarbageCollector(memory.client)
    for resource, obj in ((WIDGETS, _obj("owner", "Widget")), (CONFIG_MAPS, _obj("c", "ConfigMap", OWNER))):
        informer = Informer(memory.client, resource)
        memory.put(resource, obj)
        source = collector.follow(resource, informer)
        await informer._replace_all()
        list(source.keys(obj))
    memory.drop(WIDGETS, "a/owner")
    return collector


async def test_dependents_of_objects_that_went_with_their_definition_go() -> None:
    memory = MemoryClient()
    collector = await _collector(memory)
    assert collector.leave(WIDGETS, gone=True) == ["c", "owner"]
    await collector.reconcile("c")
    assert memory.all(CONFIG_MAPS) == []


async def test_nothing_goes_while_a_kind_is_only_not_served() -> None:
    memory = MemoryClient()
    collector = await _collector(memory)
    collector.leave(WIDGETS, gone=False)
    result = await collector.reconcile("c")
    assert result is not None
    assert result.requeue_after
    assert len(memory.all(CONFIG_MAPS)) == 1


def test_a_definition_that_serves_no_version_has_no_collection() -> None:
    names = {"plural": "widgets", "kind": "Widget"}
    definition: Object = {
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": False}],
        },
        "status": {"acceptedNames": names, "conditions": [{"type": "Established", "status": "True"}]},
    }
    assert resource_of(definition) is None
