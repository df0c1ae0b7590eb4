"""Conversion webhooks over HTTPS; what is said of bad ones is what kube-apiserver 1.37.2 says."""

from __future__ import annotations

import asyncio
import base64
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from proa.cluster.apiserver.custom import conversion
from proa.cluster.pki import Authority
from support.server import api_server, eventually, session
from support.webhook import Review, WebhookServer, webhook_server

GROUP = "conv.example.com"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OBJECTS = f"/apis/{GROUP}/{{}}/namespaces/default/things"
NO_RESPONSE = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview"}


def definition(client: Mapping[str, Any]) -> dict[str, Any]:
    """Stored as v1, where the size is a number; v2 has it as a text."""
    versions = []
    for name, type_ in (("v1", "integer"), ("v2", "string")):
        spec = {"type": "object", "properties": {"size": {"type": type_}}}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        versions.append({"name": name, "served": True, "storage": name == "v1", "schema": schema})
    webhook = {"clientConfig": client, "conversionReviewVersions": ["v1"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": versions,
            "conversion": {"strategy": "Webhook", "webhook": webhook},
        },
    }


def thing(version: str, size: Any, name: str = "a") -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": "Thing",
        "metadata": {"name": name, "labels": {"l": "1"}},
        "spec": {"size": size},
    }


def converted(review: Review) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = copy.deepcopy(review["objects"])
    for obj in objects:
        obj["apiVersion"] = review["desiredAPIVersion"]
        old = review["desiredAPIVersion"].endswith("/v1")
        obj["spec"]["size"] = int(obj["spec"]["size"]) if old else str(obj["spec"]["size"])
    return objects


def success(objects: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"convertedObjects": objects, "result": {"status": "Success"}, **more}


async def well(review: Review) -> Any:
    return success(converted(review))


def spoiling(change: Any) -> Any:
    """A webhook that does something to each object that it converted."""

    async def answer(review: Review) -> Any:
        objects = converted(review)
        for obj in objects:
            change(obj)
        return success(objects)

    return answer


def saying(response: Any) -> Any:
    async def answer(_review: Review) -> Any:
        return response

    return answer


async def too_many(review: Review) -> Any:
    return success(converted(review) * 2)


async def nothing(_review: Review) -> Any:
    return web.json_response(NO_RESPONSE)


async def broken(_review: Review) -> Any:
    return web.Response(status=500, text="out of order")


async def no_json(_review: Review) -> Any:
    return web.Response(text="<html>", content_type="text/html")


async def define(api: aiohttp.ClientSession, client: Mapping[str, Any], **more: Any) -> None:
    async with api.post(DEFINITIONS, json=definition(client), **more) as response:
        assert response.status == 201, await response.text()


async def request(api: aiohttp.ClientSession, method: str, path: str, **more: Any) -> tuple[int, Any]:
    async with api.request(method, path, **more) as response:
        return response.status, await response.json()


async def stored(api: aiohttp.ClientSession) -> None:
    """Store a thing, once the kind is served."""

    async def done() -> bool:
        async with api.post(OBJECTS.format("v1"), json=thing("v1", 7)) as response:
            return response.status == 201

    await eventually(done)


def wrong_name(obj: Any) -> None:
    obj["metadata"]["name"] = "b"


def without_metadata(obj: Any) -> None:
    del obj["metadata"]


def wrong_version(obj: Any) -> None:
    obj["apiVersion"] = f"{GROUP}/v3"


def wrong_kind(obj: Any) -> None:
    obj["kind"] = "Nothing"


def marked(obj: Any) -> None:
    """Labels and annotations may change; what else a conversion does to metadata is passed over."""
    obj["metadata"]["labels"] = {"l": "2"}
    obj["metadata"]["annotations"] = {"a": "1"}
    obj["metadata"]["finalizers"] = ["example.com/x"]
    obj["metadata"]["generation"] = 9


BAD: dict[str, tuple[Any, str]] = {
    "another name": (spoiling(wrong_name), "returned invalid object: must have the same name: a != b"),
    "no metadata": (spoiling(without_metadata), "returned invalid object: must have the same name: a != "),
    "another version": (
        spoiling(wrong_version),
        (
            "returned invalid object at index 0: invalid groupVersion "
            f"(expected {GROUP}/v2, received {GROUP}/v3)"
        ),
    ),
    "another kind": (
        spoiling(wrong_kind),
        "returned invalid object at index 0: invalid kind (expected Thing, received Nothing)",
    ),
    "too many": (too_many, "returned 2 objects, expected 1"),
    "too few": (saying(success([])), "returned 0 objects, expected 1"),
    "failed": (saying({"result": {"status": "Failed", "message": "no idea"}}), "failed: no idea"),
    "failed without a word": (
        saying({"result": {"status": "Failed"}}),
        "failed: response.result.status was 'Failed', not 'Success'",
    ),
    "no status": (saying({"result": {}}), "failed: response.result.status was '', not 'Success'"),
    "no response": (nothing, "failed: no response provided"),
    "out of order": (
        broken,
        'failed: an error on the server ("out of order") has prevented the request from succeeding',
    ),
}


@asynccontextmanager
async def serving(
    folder: Path, answer: Any, client: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[aiohttp.ClientSession, WebhookServer]]:
    """An administrator of a server where a thing is stored, and the webhook that converts it."""
    async with (
        webhook_server(folder / "hook", answer) as hook,
        api_server(folder) as server,
        session(server, folder, "admin", "system:masters") as api,
    ):
        await define(api, {**hook.client(), **(client or {})})
        await stored(api)
        yield api, hook


async def test_all_objects_of_a_list_are_converted_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, well) as (api, hook):
        await request(api, "POST", OBJECTS.format("v2"), json=thing("v2", "8", "b"))
        await request(api, "POST", OBJECTS.format("v1"), json=thing("v1", 9, "c"))
        hook.asked.clear()

        _, listed = await request(api, "GET", OBJECTS.format("v2"))

        assert [item["spec"]["size"] for item in listed["items"]] == ["7", "8", "9"]
        assert {item["apiVersion"] for item in listed["items"]} == {f"{GROUP}/v2"}
        assert len(hook.asked) == 1
        _, native = await request(api, "GET", f"{OBJECTS.format('v1')}/b")
        assert native["spec"]["size"] == 8


async def test_of_metadata_a_conversion_changes_labels_and_annotations_only(tmp_path: Path) -> None:
    async with serving(tmp_path, spoiling(marked)) as (api, _):
        code, seen = await request(api, "GET", f"{OBJECTS.format('v2')}/a")

        assert (code, seen["spec"]) == (200, {"size": "7"})
        assert (seen["metadata"]["labels"], seen["metadata"]["annotations"]) == ({"l": "2"}, {"a": "1"})
        assert (seen["metadata"]["generation"], "finalizers" in seen["metadata"]) == (1, False)


@pytest.mark.parametrize("name", BAD)
async def test_an_answer_that_is_no_conversion_is_told(tmp_path: Path, name: str) -> None:
    answer, problem = BAD[name]
    async with serving(tmp_path, answer) as (api, _):
        code, said = await request(api, "GET", f"{OBJECTS.format('v2')}/a")
        assert (code, said["message"]) == (500, f"conversion webhook for {GROUP}/v1, Kind=Thing {problem}")
        code, said = await request(api, "GET", OBJECTS.format("v2"))
        assert code == 500
        code, said = await request(api, "POST", OBJECTS.format("v2"), json=thing("v2", "8", "c"))
        assert code == 500
        code, said = await request(api, "GET", f"{OBJECTS.format('v1')}/a")
        assert (code, said["spec"]) == (200, {"size": 7})


async def test_an_authority_that_is_not_the_webhooks_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority.open(tmp_path / "other").files.certificate.read_bytes()
    async with serving(tmp_path, well, {"caBundle": base64.b64encode(other).decode()}) as (api, hook):
        code, said = await request(api, "GET", f"{OBJECTS.format('v2')}/a")

        assert code == 500
        assert said["message"].endswith(
            "tls: failed to verify certificate: x509: certificate signed by unknown authority"
        )
        assert hook.asked == []


async def test_a_webhook_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "_SECONDS", 0.05)

    async def hang(_review: Review) -> Any:
        await asyncio.Event().wait()

    async with serving(tmp_path, hang) as (api, _):
        code, said = await request(api, "GET", f"{OBJECTS.format('v2')}/a")

        assert code == 500
        assert said["message"].endswith("context deadline exceeded")
