"""Schemas and paths of OpenAPI v3 as v2 has them. Pure.

What v2 cannot say goes. Older kubectl stumbles over types and fields of values that may be null or of any
kind, so these are left out too.

Source: OpenAPI specification 2.0; apiextensions-apiserver, pkg/controller/openapi/v2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proa.cluster.apiserver.custom.structural import PRESERVE
from proa.cluster.apiserver.schema.node import REF_PREFIX

Schema = Mapping[str, Any]

V2_PREFIX = "#/definitions/"
_UNKNOWN_TO_V2 = ("oneOf", "anyOf", "not", "nullable")
_INT_OR_STRING = "int-or-string"
_KIND = "x-kubernetes-group-version-kind"


def definition(v3: Schema) -> dict[str, Any]:
    """A named schema. Of a kind with unknown fields none is told: clients would complain of the others."""
    if v3.get(PRESERVE) and _KIND in v3:
        return {"type": "object", _KIND: v3[_KIND]}
    return schema(v3)


def schema(v3: Schema) -> dict[str, Any]:
    """A schema, with references into `definitions`."""
    v2 = {name: value for name, value in v3.items() if name not in _UNKNOWN_TO_V2}
    if "$ref" in v2:
        v2["$ref"] = V2_PREFIX + v2["$ref"].removeprefix(REF_PREFIX)
    if v3.get("format") == _INT_OR_STRING:
        v2["type"] = "string"
    _unwrap(v2)
    _forget_nullable(v2)
    if v3.get("nullable"):
        _forget(v2, "type", "items", "properties")
    if v3.get(PRESERVE):
        _forget(v2, "items", "properties")
        if v2.get("type") == "object":
            _forget(v2, "type")
    if v2.get("type") == "array" and "items" not in v2:
        _forget(v2, "type")
    _descend(v2)
    return v2


def _unwrap(v2: dict[str, Any]) -> None:
    """v3 puts a reference that has siblings into `allOf`, v2 beside them; other `allOf` are not said."""
    wrapped = v2.pop("allOf", None)
    if wrapped and len(wrapped) == 1 and "$ref" in wrapped[0]:
        v2["$ref"] = V2_PREFIX + wrapped[0]["$ref"].removeprefix(REF_PREFIX)


def _forget_nullable(v2: dict[str, Any]) -> None:
    """What may be null is not required."""
    properties = v2.get("properties") or {}
    required = [name for name in v2.get("required", ()) if not properties.get(name, {}).get("nullable")]
    more = v2.get("additionalProperties")
    if not required or (isinstance(more, Mapping) and more.get("nullable")):
        v2.pop("required", None)
    else:
        v2["required"] = required


def _forget(v2: dict[str, Any], *names: str) -> None:
    for name in names:
        v2.pop(name, None)


def _descend(v2: dict[str, Any]) -> None:
    if "properties" in v2:
        v2["properties"] = {name: schema(child) for name, child in v2["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(v2.get(name), Mapping):
            v2[name] = schema(v2[name])


def path_item(v3: Mapping[str, Any]) -> dict[str, Any]:
    """A path with its operations."""
    return {
        name: [_parameter(one) for one in value] if name == "parameters" else _operation(value)
        for name, value in v3.items()
    }


def _operation(v3: Mapping[str, Any]) -> dict[str, Any]:
    body = v3.get("requestBody", {})
    accepted = body.get("content", {})
    operation = {
        "consumes": list(accepted) or ["*/*"],
        "produces": ["application/json"],
        "schemes": ["https"],
        "parameters": [*_body(body), *map(_parameter, v3.get("parameters", ()))],
        "responses": {code: _response(answer) for code, answer in v3["responses"].items()},
    }
    return operation | {name: value for name, value in v3.items() if name.startswith("x-")}


def _body(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for content in list(request.get("content", {}).values())[:1]:
        parameter = {"name": "body", "in": "body", "schema": schema(content["schema"])}
        yield parameter | ({"required": True} if request.get("required") else {})


def _response(v3: Mapping[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": v3["description"]}
    for content in list(v3.get("content", {}).values())[:1]:
        response["schema"] = schema(content["schema"])
    return response


def _parameter(v3: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in v3.items() if name != "schema"}
    return flat | dict(v3.get("schema", {}))
