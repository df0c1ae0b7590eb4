"""Definitions that are served: the whole way, in a server of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.discovery import AGGREGATED_TYPE
from proa.cluster.apiserver.webhooks import WebhookCaller
from proa.cluster.controllers import ControllersConfig, garbage_collector, namespace
from proa.errors import ApiError, Invalid, NotFound
from proa.kube.client import PatchType
from proa.kube.meta import condition_is_true, find_condition, owner_reference
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, Object, Resource
from support.server import api_server, eventually, running, session

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
SCHEMA: Object = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 10},
                "color": {"type": "string", "enum": ["red", "green"], "default": "red"},
                "ports": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "port": {"type": "integer"}},
                    },
                },
            },
        },
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
    },
}


def definition(**version: Any) -> Object:
    wanted: Object = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.replicas"},
        },
        **version,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "scope": "Namespaced",
            "versions": [wanted],
        },
    }


def widget(name: str = "w", **spec: Any) -> Object:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"size": 1, **spec},
    }


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with api_server(tmp_path) as started:
        yield started


async def establish(server: ApiServer, wanted: Object | None = None) -> Object:
    """Create a definition and wait until clients would go on."""
    client = server.client()
    made = await client.create(CUSTOM_RESOURCE_DEFINITIONS, wanted or definition())
    name = made["metadata"]["name"]

    async def established() -> Object | None:
        current = await client.get(CUSTOM_RESOURCE_DEFINITIONS, name)
        return current if condition_is_true(current, "Established") else None

    found: Object = await eventually(established)
    return found


async def test_a_definition_is_established_and_serves_at_once(server: ApiServer) -> None:
    stored = await establish(server)
    assert stored["status"]["acceptedNames"] == {
        "plural": "widgets",
        "singular": "widget",
        "kind": "Widget",
        "listKind": "WidgetList",
        "shortNames": ["wd"],
    }
    assert stored["status"]["storedVersions"] == ["v1"]
    made = await server.client().create(WIDGETS, widget())
    assert made["spec"] == {"size": 1, "color": "red"}
    assert made["metadata"]["generation"] == 1
    listed = await server.client().list(WIDGETS)
    assert listed["kind"] == "WidgetList"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["w"]


async def test_what_the_schema_forbids_is_refused(server: ApiServer) -> None:
    await establish(server)
    with pytest.raises(Invalid) as raised:
        await server.client().create(WIDGETS, widget(size=11, color="blue"))
    causes = {cause["field"]: cause["message"] for cause in raised.value.details["causes"]}
    assert causes == {
        "spec.size": "Invalid value: 11: spec.size in body should be less than or equal to 10",
        "spec.color": 'Unsupported value: "blue": supported values: "red", "green"',
    }


async def test_unknown_fields_are_dropped_and_status_is_its_own(server: ApiServer) -> None:
    await establish(server)
    client = server.client()
    made = await client.create(WIDGETS, widget(foo=1) | {"status": {"replicas": 3}})
    assert "foo" not in made["spec"]
    assert "status" not in made
    changed = await client.patch(WIDGETS, "w", {"status": {"replicas": 3}}, "default", subresource="status")
    assert changed["status"] == {"replicas": 3}
    assert changed["metadata"]["generation"] == 1


async def test_scale(server: ApiServer) -> None:
    await establish(server)
    client = server.client()
    await client.create(WIDGETS, widget())
    scale = await client.patch(WIDGETS, "w", {"spec": {"replicas": 4}}, "default", subresource="scale")
    assert scale["spec"] == {"replicas": 4}
    assert (await client.get(WIDGETS, "w", "default"))["spec"]["size"] == 4


async def test_apply_merges_lists_by_their_keys(server: ApiServer) -> None:
    await establish(server)
    client = server.client()
    for manager, port in (("one", {"name": "a", "port": 1}), ("two", {"name": "b", "port": 2})):
        config = widget(ports=[port])
        result = await client.patch(
            WIDGETS, "w", config, "default", kind=PatchType.APPLY, field_manager=manager
        )
    assert result["spec"]["ports"] == [{"name": "a", "port": 1}, {"name": "b", "port": 2}]
    fields = result["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
    assert fields["f:ports"] == {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:port": {}}}


async def test_strategic_merge_patches_are_not_for_custom_resources(server: ApiServer) -> None:
    await establish(server)
    await server.client().create(WIDGETS, widget())
    with pytest.raises(ApiError) as raised:
        await server.client().patch(WIDGETS, "w", {"spec": {"size": 2}}, "default", kind=PatchType.STRATEGIC)
    assert raised.value.code == 415


async def test_a_definition_goes_with_its_objects(server: ApiServer) -> None:
    await establish(server)
    client = server.client()
    held = widget() | {"metadata": {"name": "w", "namespace": "default", "finalizers": ["example.com/x"]}}
    await client.create(WIDGETS, held)
    await client.delete(CUSTOM_RESOURCE_DEFINITIONS, "widgets.example.com")

    async def deleting() -> bool:
        return "deletionTimestamp" in (await client.get(WIDGETS, "w", "default"))["metadata"]

    await eventually(deleting)
    with pytest.raises(ApiError):
        await client.create(WIDGETS, widget("other"))
    await client.patch(WIDGETS, "w", {"metadata": {"finalizers": None}}, "default")

    async def gone() -> bool:
        try:
            await client.get(CUSTOM_RESOURCE_DEFINITIONS, "widgets.example.com")
        except NotFound:
            return True
        return False

    await eventually(gone)
    with pytest.raises(NotFound):
        await client.list(WIDGETS)


async def test_definitions_are_served_after_a_restart(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        await establish(server)
        await server.client().create(WIDGETS, widget())
    async with api_server(tmp_path) as server:
        assert (await server.client().get(WIDGETS, "w", "default"))["spec"]["size"] == 1


async def test_a_new_default_shows_in_what_is_stored(server: ApiServer) -> None:
    stored = await establish(server)
    client = server.client()
    await client.create(WIDGETS, widget())
    spec = stored["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["shape"] = {"type": "string", "default": "round"}
    await client.update(CUSTOM_RESOURCE_DEFINITIONS, stored)
    assert (await client.get(WIDGETS, "w", "default"))["spec"]["shape"] == "round"
    (listed,) = (await client.list(WIDGETS))["items"]
    assert listed["spec"]["shape"] == "round"


async def test_other_versions_are_shown_by_name(server: ApiServer) -> None:
    wanted = definition()
    (v1,) = wanted["spec"]["versions"]
    wanted["spec"]["versions"].append(v1 | {"name": "v1beta1", "storage": False, "deprecated": True})
    await establish(server, wanted)
    client = server.client()
    await client.create(WIDGETS, widget())
    beta = Resource("example.com", "v1beta1", "widgets", "Widget")
    shown = await client.get(beta, "w", "default")
    assert shown["apiVersion"] == "example.com/v1beta1"
    shown["spec"]["size"] = 2
    await client.update(beta, shown)
    assert (await client.get(WIDGETS, "w", "default"))["spec"]["size"] == 2
    (listed,) = (await client.list(beta))["items"]
    assert listed["apiVersion"] == "example.com/v1beta1"


async def test_objects_go_with_their_owners_and_namespaces(server: ApiServer) -> None:
    await establish(server)
    client = server.client()
    await client.create(NAMESPACES, {"metadata": {"name": "other"}})
    await client.create(WIDGETS, {**widget(), "metadata": {"name": "w", "namespace": "other"}})
    owner = await client.create(WIDGETS, widget("owner"))
    owned = widget("owned")
    owned["metadata"]["ownerReferences"] = [owner_reference(owner)]

    async def gone(namespace: str, name: str) -> bool:
        names = [item["metadata"]["name"] for item in (await client.list(WIDGETS, namespace))["items"]]
        return name not in names

    config = ControllersConfig()
    async with running(
        client,
        lambda manager: garbage_collector.setup(manager, config),
        lambda manager: namespace.setup(manager, config),
    ):
        await client.create(WIDGETS, owned)
        await client.delete(WIDGETS, "owner", "default")
        await eventually(lambda: gone("default", "owned"))
        await client.delete(NAMESPACES, "other")
        await eventually(lambda: gone("other", "w"))


async def test_watches_end_when_the_definition_changes(server: ApiServer) -> None:
    stored = await establish(server)
    client = server.client()
    events: list[str] = []

    async def follow() -> None:
        watch = client.watch(WIDGETS, "default", resource_version=stored_at)
        events.extend([event.type async for event in watch])

    stored_at = (await client.list(WIDGETS))["metadata"]["resourceVersion"]
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(follow())
        await client.create(WIDGETS, widget())
        schema = stored["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"]["properties"]["more"] = {"type": "string"}
        await client.update(CUSTOM_RESOURCE_DEFINITIONS, stored)
    assert "ADDED" in events


async def test_discovery_and_openapi_follow_the_definitions(server: ApiServer, tmp_path: Path) -> None:
    async with session(server, tmp_path, "admin", "system:masters") as http:

        async def json(path: str, accept: str = "application/json") -> Any:
            async with http.get(path, headers={"Accept": accept}) as response:
                return await response.json(content_type=None) if response.status == 200 else None

        index = await json("/openapi/v3")
        assert "apis/example.com/v1" not in index["paths"]
        async with http.get("/apis", headers={"Accept": AGGREGATED_TYPE}) as response:
            known = {"Accept": AGGREGATED_TYPE, "If-None-Match": response.headers["ETag"]}
        async with http.get("/apis", headers=known) as response:
            assert response.status == 304
        stored = await establish(server)
        async with http.get("/apis", headers=known) as response:
            assert response.status == 200
        groups = await json("/apis", AGGREGATED_TYPE)
        (group,) = (item for item in groups["items"] if item["metadata"]["name"] == "example.com")
        assert group["versions"][0]["resources"][0]["resource"] == "widgets"
        assert (await json("/apis/example.com/v1"))["resources"][0]["shortNames"] == ["wd"]
        first = (await json("/openapi/v3"))["paths"]["apis/example.com/v1"]["serverRelativeURL"]
        document = await json(first)
        found = document["components"]["schemas"]["com.example.v1.Widget"]
        assert found["x-kubernetes-group-version-kind"] == [
            {"group": "example.com", "version": "v1", "kind": "Widget"}
        ]
        assert found["properties"]["spec"]["properties"]["size"]["maximum"] == 10
        one = document["paths"]["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]["patch"]
        assert "fieldValidation" in [parameter["name"] for parameter in one["parameters"]]
        schema = stored["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"]["properties"]["size"]["maximum"] = 12
        await server.client().update(CUSTOM_RESOURCE_DEFINITIONS, stored)
        changed = (await json("/openapi/v3"))["paths"]["apis/example.com/v1"]["serverRelativeURL"]
        assert changed != first


async def test_a_name_that_is_free_again_goes_to_who_waits(server: ApiServer) -> None:
    await establish(server)
    client = server.client()
    other = definition()
    other["metadata"]["name"] = "others.example.com"
    other["spec"]["names"] = {"plural": "others", "kind": "Widget"}
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, other)

    async def condition(status: str) -> bool:
        current = await client.get(CUSTOM_RESOURCE_DEFINITIONS, "others.example.com")
        found = find_condition(current, "NamesAccepted")
        return found is not None and found["status"] == status

    await eventually(lambda: condition("False"))
    await client.delete(CUSTOM_RESOURCE_DEFINITIONS, "widgets.example.com")
    await eventually(lambda: condition("True"))


async def test_versions_are_converted_by_a_webhook(server: ApiServer, monkeypatch: Any) -> None:
    asked: list[Object] = []

    async def post(_caller: WebhookCaller, _config: Object, review: Object, _seconds: float) -> Object:
        request = review["request"]
        asked.append(request)
        wanted = request["desiredAPIVersion"]
        objects = [{**obj, "apiVersion": wanted, "spec": _swapped(obj["spec"])} for obj in request["objects"]]
        result = {"status": "Success"}
        return {"response": {"uid": request["uid"], "result": result, "convertedObjects": objects}}

    monkeypatch.setattr(WebhookCaller, "post", post)
    wanted = definition()
    (v1,) = wanted["spec"]["versions"]
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    old = {"openAPIV3Schema": {"type": "object", "properties": {"spec": free}}}
    wanted["spec"]["versions"].append(v1 | {"name": "v1beta1", "storage": False, "schema": old})
    client_config = {"url": "https://127.0.0.1:1/convert"}
    webhook = {"clientConfig": client_config, "conversionReviewVersions": ["v1"]}
    wanted["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    await establish(server, wanted)
    client = server.client()
    beta = Resource("example.com", "v1beta1", "widgets", "Widget")
    made = await client.create(beta, widget() | {"apiVersion": "example.com/v1beta1", "spec": {"length": 3}})
    assert made["spec"]["length"] == 3
    assert (await client.get(WIDGETS, "w", "default"))["spec"]["size"] == 3
    assert (await client.list(beta))["items"][0]["spec"]["length"] == 3
    assert len(asked) == 2  # what was read once is remembered


def _swapped(spec: Object) -> Object:
    names = {"size": "length", "length": "size"}
    return {names.get(name, name): value for name, value in spec.items()}
