"""A custom resource's schema as a tree of places; each is compiled when first needed.

The schema has been found structural before: types, pruning and defaults stand outside of
`allOf`, `anyOf`, `oneOf` and `not`. Source: kubernetes.io, custom resource definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
LIST_TYPE = "x-kubernetes-list-type"
LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
RULES = "x-kubernetes-validations"

META_FIELDS = ("apiVersion", "kind", "metadata")
ABSENT: Any = object()
"""Stands for a value that is not there, where None would be a null."""

Schema = Mapping[str, Any]


class Structural:
    """One place of a schema: what may stand there, and what stands below it."""

    def __init__(self, schema: Schema, *, root: bool = False) -> None:
        self.schema = schema
        self.type: str = schema.get("type") or ""
        self.nullable = bool(schema.get("nullable"))
        self.preserve = bool(schema.get(PRESERVE))
        self.embedded = root or bool(schema.get(EMBEDDED))
        self.int_or_string = bool(schema.get(INT_OR_STRING))
        self.list_type: str = schema.get(LIST_TYPE) or ""
        self.list_map_keys: tuple[str, ...] = tuple(schema.get(LIST_MAP_KEYS) or ())
        self.map_type: str = schema.get(MAP_TYPE) or ""
        self.default: Any = schema.get("default")

    @cached_property
    def properties(self) -> Mapping[str, Structural]:
        """The named fields of an object."""
        return {name: Structural(schema) for name, schema in (self.schema.get("properties") or {}).items()}

    @cached_property
    def items(self) -> Structural | None:
        """What the elements of a list are."""
        schema = self.schema.get("items")
        return Structural(schema) if schema is not None else None

    @cached_property
    def is_map(self) -> bool:
        """Whether keys beyond the named fields are known (`additionalProperties`)."""
        return self.schema.get("additionalProperties") not in (None, False)

    @cached_property
    def values(self) -> Structural | None:
        """What the values of a map are; None where they may be anything, or nothing."""
        schema = self.schema.get("additionalProperties")
        return Structural(schema) if isinstance(schema, Mapping) else None

    def child(self, name: str) -> Structural | None:
        """The place of a field or of a map's value; None where nothing is said about it."""
        return self.properties.get(name) or self.values

    def children(self) -> Iterator[Structural]:
        """All places right below this one."""
        yield from self.properties.values()
        if self.items is not None:
            yield self.items
        if self.values is not None:
            yield self.values

    @cached_property
    def has_defaults(self) -> bool:
        """Whether anything here or below has a default."""
        return self.default is not None or any(child.has_defaults for child in self.children())

    @cached_property
    def has_rules(self) -> bool:
        """Whether anything here or below has x-kubernetes-validations."""
        return bool(self.schema.get(RULES)) or any(child.has_rules for child in self.children())

    @cached_property
    def has_embedded(self) -> bool:
        """Whether anything below is a whole object of its own."""
        return any(child.embedded or child.has_embedded for child in self.children())

    @cached_property
    def has_keyed_lists(self) -> bool:
        """Whether anything here or below is a list of type set or map."""
        return self.list_type in ("set", "map") or any(child.has_keyed_lists for child in self.children())
