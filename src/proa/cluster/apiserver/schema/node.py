"""A schema node: what may stand at one place of an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from proa.cluster.apiserver.schema import quantity, times
from proa.cluster.apiserver.schema.presence import Presence, presence_of

REF_PREFIX = "#/components/schemas/"
Resolve = Callable[[str], "Node"]
_WRITTEN: Mapping[str, Callable[[Any], Any]] = {
    quantity.NAME: quantity.canonical,
    times.TIME: times.whole_seconds,
    times.MICRO_TIME: times.microseconds,
}


class Node:
    """One place of a schema; children are built when first asked for.

    `type` is "object", "array", "string", "integer", "number", "boolean" or "" (anything).
    """

    def __init__(self, schema: Mapping[str, Any], resolve: Resolve, name: str = "") -> None:
        self._schema = schema
        self._resolve = resolve
        self.name = name
        self.type: str = schema.get("type", "")
        self.format: str = schema.get("format", "")
        self.required: tuple[str, ...] = tuple(schema.get("required", ()))
        self.written = _WRITTEN.get(name)
        """Gives the one way in which a value of this type is written; raises ValueError for what is none."""
        self.alternatives: tuple[str, ...] = tuple(option["type"] for option in schema.get("oneOf", ()))
        self._fields: dict[str, Node | None] = {}

    def field(self, name: str) -> Node | None:
        """The node of a property, of a map's value, or None where no such field is known."""
        if name not in self._fields:
            schema = self._schema.get("properties", {}).get(name)
            self._fields[name] = self._child(schema) if schema is not None else self.values
        return self._fields[name]

    @property
    def properties(self) -> Mapping[str, Any]:
        """The names of the known properties (with their raw schemas)."""
        properties: Mapping[str, Any] = self._schema.get("properties", {})
        return properties

    @cached_property
    def items(self) -> Node | None:
        """The node of an array's elements."""
        return self._optional("items")

    @cached_property
    def values(self) -> Node | None:
        """The node of a map's values."""
        return self._optional("additionalProperties")

    @cached_property
    def open(self) -> bool:
        """Whether any content is allowed here (RawExtension, FieldsV1, JSON)."""
        known = "properties" in self._schema or self.values is not None
        preserve = bool(self._schema.get("x-kubernetes-preserve-unknown-fields"))
        return not self.alternatives and (preserve or (self.type in ("object", "") and not known))

    @cached_property
    def list_type(self) -> str:
        """`map`, `set`, `atomic`, or empty where nothing is declared (which means atomic)."""
        return str(self._schema.get("x-kubernetes-list-type", ""))

    @cached_property
    def list_map_keys(self) -> tuple[str, ...]:
        """The fields that identify an element of a `map` list."""
        return tuple(self._schema.get("x-kubernetes-list-map-keys", ()))

    @cached_property
    def map_type(self) -> str:
        """`granular`, `atomic`, or empty (which means granular)."""
        return str(self._schema.get("x-kubernetes-map-type", ""))

    @cached_property
    def structured(self) -> bool:
        """Whether structs may stand here or below."""
        below = self.items if self.type == "array" else self.values
        return not self.open and (bool(self.properties) or (below is not None and below.structured))

    @cached_property
    def plain(self) -> type | None:
        """The class of which every value is right here; None where there is more to look at."""
        if self.format or self.alternatives or self.name:
            return None
        return {"string": str, "boolean": bool}.get(self.type)

    @cached_property
    def presence(self) -> Presence:
        """Which of its fields are there before anybody sets them, and which are never empty."""
        return presence_of(self.name)

    @cached_property
    def granular(self) -> bool:
        """Whether parts of a value here can have different owners (server-side apply)."""
        if self.list_type:
            return self.list_type in ("map", "set")
        return self.type != "array" and self.map_type != "atomic" and (not self.open or self.type == "")

    @cached_property
    def merge_key(self) -> str:
        """The field by which a strategic merge patch identifies an element."""
        return str(self._schema.get("x-kubernetes-patch-merge-key", ""))

    @cached_property
    def patch_strategies(self) -> frozenset[str]:
        """`merge`, `replace`, `retainKeys`; none means the usual way of the type."""
        return frozenset(filter(None, self._schema.get("x-kubernetes-patch-strategy", "").split(",")))

    def _optional(self, key: str) -> Node | None:
        schema = self._schema.get(key)
        return self._child(schema) if schema is not None else None

    def _child(self, schema: Mapping[str, Any]) -> Node:
        """A node of its own, or the referenced one with what the reference adds to it."""
        if "$ref" not in schema:
            return Node(schema, self._resolve)
        target = self._resolve(schema["$ref"].removeprefix(REF_PREFIX))
        if len(schema) == 1:
            return target
        return Node({**target._schema, **schema}, self._resolve, target.name)  # noqa: SLF001 - same class
