"""The schema of a custom resource as OpenAPI publishes it, with what every object has. Pure.

Source: apiextensions-apiserver, pkg/controller/openapi/builder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proa.cluster.apiserver.custom.structural import EMBEDDED, Schema
from proa.cluster.apiserver.schema.node import REF_PREFIX

_META = f"{REF_PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1"
_API_VERSION = {
    "description": "APIVersion defines in which version of its schema this object is. Servers convert "
    "known ones and may refuse others.",
    "type": "string",
}
_KIND = {
    "description": "Kind names what this object is, in CamelCase. Servers may infer it from the endpoint; it "
    "cannot be updated.",
    "type": "string",
}


def _metadata(kind: str) -> dict[str, Any]:
    return {
        "description": "Standard object's metadata.",
        "allOf": [{"$ref": f"{_META}.{kind}"}],
    }


def definition_name(group: str, version: str, kind: str) -> str:
    """`com.example.v1.Widget` for Widget of example.com/v1."""
    return ".".join([*reversed(group.split(".")), version, kind])


def definitions(
    schema: Schema, names: tuple[str, str], resource: tuple[str, str, str, str]
) -> Mapping[str, Any]:
    """The definitions of a kind and of its list; `resource` is (group, version, kind, list kind)."""
    group, version, kind, list_kind = resource
    single = _resource(schema) | {"x-kubernetes-group-version-kind": [_gvk(group, version, kind)]}
    items = {
        "description": f"List of {kind} objects.",
        "type": "array",
        "items": {"$ref": REF_PREFIX + names[0]},
    }
    many = {
        "description": f"{list_kind} is a list of {kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": _API_VERSION,
            "items": items,
            "kind": _KIND,
            "metadata": _metadata("ListMeta"),
        },
        "x-kubernetes-group-version-kind": [_gvk(group, version, list_kind)],
    }
    return {names[0]: single, names[1]: many}


def _gvk(group: str, version: str, kind: str) -> dict[str, str]:
    return {"group": group, "version": version, "kind": kind}


def _resource(schema: Schema) -> dict[str, Any]:
    """A whole object: its schema, and the fields that all have."""
    published = _published(schema)
    common = {"apiVersion": _API_VERSION, "kind": _KIND, "metadata": _metadata("ObjectMeta")}
    return {"type": "object", **published, "properties": {**(published.get("properties") or {}), **common}}


def _published(schema: Schema) -> dict[str, Any]:
    below = dict(schema)
    if "properties" in schema:
        below["properties"] = {name: _below(child) for name, child in schema["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), Mapping):
            below[name] = _below(schema[name])
    return below


def _below(schema: Schema) -> dict[str, Any]:
    return _resource(schema) if schema.get(EMBEDDED) else _published(schema)
