"""What the server must know of objects whose kind has no published schema: those of custom resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from proa.cluster.apiserver.schema.node import Node
from proa.cluster.store import Entry
from proa.kube.resources import Object


@dataclass(slots=True)
class Shape:
    """What a body has that its kind does not: `unknown` as `unknown field "spec.foo"`.

    `malformed` says why it is no object of the kind at all (400).
    """

    malformed: str = ""
    unknown: list[str] = field(default_factory=list)


class Conversion(Protocol):
    """How objects of one version are stored, where that is not as they are shown."""

    @property
    def keeps_labels(self) -> bool:
        """Whether objects show the labels that they are stored with."""

    def passes(self, entry: Entry) -> bool:
        """Whether stored bytes are what a client of this version is to see."""

    async def shown(self, entries: Sequence[Entry]) -> list[Entry]:
        """Stored entries as clients of this version see them. Raises ApiError when conversion fails."""

    async def converted(self, obj: Object) -> Object:
        """An object in the form in which it is stored as clients of this version see it. Raises ApiError."""

    async def stored(self, obj: Object) -> Object:
        """An object of this version in the form in which it is stored. Raises ApiError."""


class Form(Conversion, Protocol):
    """The looks of one version of a custom resource, and how it is stored."""

    retired: bool
    """Whether another form has taken its place, or none: watches end then, so that clients list anew."""

    @property
    def node(self) -> Node:
        """The schema as patches and field owners need it."""

    @property
    def definition(self) -> str:
        """The name of the schema in OpenAPI."""

    @property
    def list_definition(self) -> str:
        """The name of the schema of a list in OpenAPI."""

    @property
    def definitions(self) -> Mapping[str, Any]:
        """The schemas that only this version has, by name."""

    def prune(self, obj: Object) -> Shape:
        """Drop, in place, what the schema does not know."""

    def undeclared(self, obj: Object) -> list[str]:
        """Why a configuration that is applied cannot be one of this version."""
