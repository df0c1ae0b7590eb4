"""All published schemas, read lazily from the package's data file."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable
from functools import cached_property
from importlib.resources import files
from typing import Any

import msgspec

from proa.cluster.apiserver.schema import check as checking
from proa.cluster.apiserver.schema.descriptions import described
from proa.cluster.apiserver.schema.fitting import Inexpressible, Types, fits
from proa.cluster.apiserver.schema.node import REF_PREFIX, Node
from proa.cluster.apiserver.schema.prune import complete, prune_object
from proa.kube.resources import Object

_TYPE_AND_METADATA = ("apiVersion", "kind", "metadata")


class _Document(msgspec.Struct):
    definitions: dict[str, msgspec.Raw]
    kinds: dict[str, str]


class Schemas:
    """Look-ups by kind; a definition is parsed when first needed, and kept."""

    def __init__(self, data: bytes | None = None) -> None:
        self._data = data
        self._nodes: dict[str, Node] = {}
        self._types = Types()
        self._types_by_kind: dict[tuple[str, str], Any] = {}

    @cached_property
    def _document(self) -> _Document:
        packed = self._data or files("proa.cluster.apiserver").joinpath("data/schemas.json.gz").read_bytes()
        return msgspec.json.decode(gzip.decompress(packed), type=_Document)

    def node(self, api_version: str, kind: str) -> Node | None:
        """The root node of a kind, or None when no schema is published for it."""
        name = self.name_of(api_version, kind)
        return self.definition(name) if name else None

    def alias(self, api_version: str, kind: str, of: tuple[str, str]) -> None:
        """Let a version that is published no more have the schema of another."""
        self._document.kinds[f"{api_version}/{kind}"] = self.name_of(*of)

    def name_of(self, api_version: str, kind: str) -> str:
        """The name of a kind's definition; empty when there is none."""
        return self._document.kinds.get(f"{api_version}/{kind}", "")

    def definition(self, name: str) -> Node:
        """The node of a named definition."""
        if name not in self._nodes:
            schema: dict[str, Any] = msgspec.json.decode(self._document.definitions[name])
            self._nodes[name] = Node(schema, self.definition, name)
        return self._nodes[name]

    def raw(self, name: str) -> bytes:
        """The OpenAPI v3 JSON of a definition."""
        return described(name, bytes(self._document.definitions[name]))

    def reachable(self, roots: Iterable[str]) -> set[str]:
        """Names of the definitions that the roots refer to, directly or not, and the roots."""
        seen: set[str] = set()
        pending = list(roots)
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending.extend(references(self.raw(name)))
        return seen

    def fits(self, api_version: str, kind: str, obj: Object) -> bool:
        """Whether `check` finds nothing in an object and `prune` changes nothing; False if in doubt."""
        about = (api_version, kind)
        if about not in self._types_by_kind:
            self._types_by_kind[about] = self._type(*about)
        type_ = self._types_by_kind[about]
        return type_ is not None and fits(type_, obj)

    def _type(self, api_version: str, kind: str) -> Any:
        root = self.node(api_version, kind)
        try:
            return self._types.of(root) if root else None
        except Inexpressible:
            return None

    def check(
        self, api_version: str, kind: str, obj: Object, settled: Collection[str] = ()
    ) -> checking.Findings:
        """Compare an object, but for what is `settled` at its top, with its kind's schema.

        An unknown kind has no findings.
        """
        root = self.node(api_version, kind)
        return checking.check(root, kind, obj, settled) if root else checking.Findings()

    def prune(self, api_version: str, kind: str, obj: Object, settled: Collection[str] = ()) -> None:
        """Bring an object that passed `check` into the shape that defaults expect, in place.

        Fields that the kind does not have, nulls and zero values go; quantities become canonical.
        """
        root = self.node(api_version, kind)
        if root:
            prune_object(root, obj, settled)

    def complete(self, api_version: str, kind: str, obj: Object) -> None:
        """Bring an object that has its defaults into the shape in which it is stored, in place."""
        root = self.node(api_version, kind)
        if root:
            complete(root, obj, _TYPE_AND_METADATA)


def references(raw: bytes) -> Iterable[str]:
    """The names of the definitions that the JSON of a schema refers to."""
    for piece in raw.split(b'"$ref":"' + REF_PREFIX.encode())[1:]:
        yield piece[: piece.index(b'"')].decode()


SCHEMAS = Schemas()
