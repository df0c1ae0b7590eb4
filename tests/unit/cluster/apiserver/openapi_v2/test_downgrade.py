"""What becomes of schemas and paths of OpenAPI v3 in v2."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver.openapi_v2 import downgrade

V3, V2 = "#/components/schemas/", "#/definitions/"
PRESERVE = {"x-kubernetes-preserve-unknown-fields": True}

SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a reference": ({"$ref": f"{V3}a.B"}, {"$ref": f"{V2}a.B"}),
    "a reference with a text": (
        {"allOf": [{"$ref": f"{V3}a.B"}], "description": "x"},
        {"$ref": f"{V2}a.B", "description": "x"},
    ),
    "alternatives are not said": (
        {"type": "string", "anyOf": [{"pattern": "a"}], "not": {}},
        {"type": "string"},
    ),
    "a number or a text": (
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
        {"format": "int-or-string", "type": "string"},
    ),
    "null is of no type": ({"type": "object", "nullable": True, "properties": {"a": {}}}, {}),
    "what may be null is not required": (
        {"required": ["a", "b"], "properties": {"a": {"nullable": True}, "b": {"type": "string"}}},
        {"required": ["b"], "properties": {"a": {}, "b": {"type": "string"}}},
    ),
    "unknown fields": ({"type": "object", "properties": {"a": {}}, **PRESERVE}, PRESERVE),
    "a list of anything": ({"type": "array", "items": {"type": "string"}, **PRESERVE}, PRESERVE),
    "below": (
        {"additionalProperties": {"items": {"nullable": True, "type": "string"}, "type": "array"}},
        {"additionalProperties": {"items": {}, "type": "array"}},
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas(name: str) -> None:
    v3, v2 = SCHEMAS[name]
    assert downgrade.schema(v3) == v2


def test_of_a_kind_with_unknown_fields_no_field_is_told() -> None:
    kind = {"x-kubernetes-group-version-kind": [{"group": "a", "version": "v1", "kind": "B"}]}
    v3 = {"type": "object", "description": "x", "properties": {"a": {}}, **PRESERVE, **kind}
    assert downgrade.definition(v3) == {"type": "object", **kind}


def test_a_body_is_a_parameter_and_parameters_are_flat() -> None:
    content = {"application/json": {"schema": {"$ref": f"{V3}A"}}}
    query = {"name": "dryRun", "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    v3 = {
        "parameters": [],
        "post": {
            "requestBody": {"content": content, "required": True},
            "parameters": [query],
            "responses": {"200": {"description": "OK", "content": content}},
            "x-kubernetes-action": "post",
        },
    }
    assert downgrade.path_item(v3) == {
        "parameters": [],
        "post": {
            "consumes": ["application/json"],
            "produces": ["application/json"],
            "schemes": ["https"],
            "parameters": [
                {"name": "body", "in": "body", "schema": {"$ref": f"{V2}A"}, "required": True},
                {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True},
            ],
            "responses": {"200": {"description": "OK", "schema": {"$ref": f"{V2}A"}}},
            "x-kubernetes-action": "post",
        },
    }
