"""`/openapi/v2` of a server whose kinds change."""

from __future__ import annotations

import asyncio
from typing import Any

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGET = "com.example.v1.Widget"
PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def definition(description: str) -> dict[str, Any]:
    schema = {"type": "object", "description": description, "properties": {"spec": {"type": "object"}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "widgets", "kind": "Widget"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


async def until(http: Any, description: str | None) -> Any:
    """The answer once a widget's description is this."""
    async with asyncio.timeout(10):
        while True:
            answer = await http("GET", "/openapi/v2")
            if answer.body["definitions"].get(WIDGET, {}).get("description") == description:
                return answer
            await asyncio.sleep(0.02)


async def test_custom_resources_come_and_go(http: Any) -> None:
    before = await until(http, None)
    await http("POST", DEFINITIONS, definition("A widget."))
    with_widget = await until(http, "A widget.")
    assert with_widget.headers["ETag"] != before.headers["ETag"]
    path = with_widget.body["paths"]["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]
    assert path["get"]["responses"]["200"]["schema"] == {"$ref": f"#/definitions/{WIDGET}"}
    await http("DELETE", f"{DEFINITIONS}/widgets.example.com")
    after = await until(http, None)
    assert after.headers["ETag"] == before.headers["ETag"]


async def test_all_that_is_referred_to_is_there(http: Any) -> None:
    text = str((await http("GET", "/openapi/v2")).body)
    definitions = (await http("GET", "/openapi/v2")).body["definitions"]
    assert "#/components" not in text
    assert {piece.split("'")[0] for piece in text.split("#/definitions/")[1:]} <= set(definitions)


async def test_who_has_it_gets_304(http: Any) -> None:
    tag = (await http("GET", "/openapi/v2")).headers["ETag"]
    assert (await http("GET", "/openapi/v2", If_None_Match=tag)).status == 304


async def test_go_clients_get_protobuf(http: Any) -> None:
    answer = await http("HEAD", "/openapi/v2", Accept=f"{PROTOBUF},application/json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, PROTOBUF)
