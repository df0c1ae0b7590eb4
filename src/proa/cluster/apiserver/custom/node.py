"""A custom resource's schema as patches and field owners read it (`schema.Node`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from proa.cluster.apiserver.custom.structural import EMBEDDED, PRESERVE
from proa.cluster.apiserver.schema import SCHEMAS, Node
from proa.cluster.apiserver.schema.node import REF_PREFIX
from proa.cluster.apiserver.schema.presence import Presence

_METADATA = {"$ref": f"{REF_PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
_COMMON = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": _METADATA}
_SHAPE = (
    "type", "format", "required", "items", "properties", "additionalProperties", "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys", "x-kubernetes-map-type", PRESERVE,
)  # fmt: skip


class CustomNode(Node):
    """One place of a custom resource's schema. No struct exists there before somebody sets it."""

    def __init__(self, schema: Mapping[str, Any], *, root: bool = False) -> None:
        shape = {name: schema[name] for name in _SHAPE if name in schema}
        if shape.get("additionalProperties") is True:
            shape["additionalProperties"] = {PRESERVE: True}
        elif shape.get("additionalProperties") is False:
            del shape["additionalProperties"]
        if root or schema.get(EMBEDDED):
            shape["properties"] = {**(shape.get("properties") or {}), **_COMMON}
        super().__init__(shape, SCHEMAS.definition)
        self._root = root

    @cached_property
    def presence(self) -> Presence:
        """No field is there before somebody sets it, but for the metadata of the whole."""
        return Presence(always={"metadata": {}} if self._root else {})

    @cached_property
    def granular(self) -> bool:
        """Objects of unknown fields have owners by field too; only lists of unknown members are atomic."""
        if self.list_type:
            return self.list_type in ("map", "set")
        return self.type != "array" and self.map_type != "atomic"

    def _child(self, schema: Mapping[str, Any]) -> Node:
        return super()._child(schema) if "$ref" in schema else CustomNode(schema)
