"""One definition as it is served: its versions, and the form of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.custom import embedded, publishing
from proa.cluster.apiserver.custom.conversion import Converter, Renaming
from proa.cluster.apiserver.custom.defaulting import default
from proa.cluster.apiserver.custom.node import CustomNode
from proa.cluster.apiserver.custom.pruning import drop_nulls, prune
from proa.cluster.apiserver.custom.structural import Schema, Structural
from proa.cluster.apiserver.form import Shape
from proa.cluster.apiserver.schema import Node
from proa.cluster.store import Entry
from proa.kube.resources import Object


@dataclass(frozen=True, kw_only=True)
class Family:
    """All versions of a custom resource."""

    group: str
    kind: str
    list_kind: str
    storage: str
    """The version that is stored."""
    converter: Converter
    since: int
    """The revision of the definition: what was stored before may have another form."""
    places: Mapping[str, Structural] = field(default_factory=dict)
    """Version -> schema."""
    preserves: bool = False
    """Whether unknown fields are kept everywhere, as very old definitions have it."""

    def place_of(self, api_version: str) -> Structural | None:
        """The schema of a version; None for one that is no more."""
        return self.places.get(api_version.rpartition("/")[2])

    def settle(self, obj: Object) -> None:
        """Bring what was stored in an older form, in place, into the one of today."""
        place = self.place_of(obj["apiVersion"])
        if place is not None:
            self.prune(obj, place)
            default(obj, place)

    def prune(self, obj: Object, place: Structural) -> list[str]:
        """Drop, in place, what a version's schema does not know; the paths."""
        if self.preserves:
            return []
        dropped = prune(obj, place)
        drop_nulls(obj, place)
        return dropped


class CustomForm:
    """One version of a custom resource (`apiserver.form.Form`)."""

    def __init__(self, family: Family, version: str, schema: Schema) -> None:
        self.retired = False
        self.family = family
        self.version = version
        self.api_version = f"{family.group}/{version}"
        self.place = family.places[version]
        self._schema = schema
        self._opening = _opening(self.api_version, family.kind)

    @cached_property
    def node(self) -> Node:
        return CustomNode(self._schema, root=True)

    @cached_property
    def definition(self) -> str:
        return publishing.definition_name(self.family.group, self.version, self.family.kind)

    @cached_property
    def list_definition(self) -> str:
        return publishing.definition_name(self.family.group, self.version, self.family.list_kind)

    @cached_property
    def definitions(self) -> Mapping[str, Any]:
        family, names = self.family, (self.definition, self.list_definition)
        resource = (family.group, self.version, family.kind, family.list_kind)
        return publishing.definitions(self._schema, names, resource)

    def prune(self, obj: Object) -> Shape:
        metadata = obj.get("metadata")
        malformed, unknown = embedded.coerce_metadata(metadata) if metadata is not None else ("", [])
        if malformed:
            return Shape(malformed)
        paths = self.family.prune(obj, self.place) + embedded.coerce(obj, self.place)
        return Shape("", unknown + [f'unknown field "{path}"' for path in paths])

    def undeclared(self, obj: Object) -> list[str]:
        copy = codec.decode_bytes(encode_json(obj))
        shape = self.prune(copy)
        if shape.malformed:
            return [shape.malformed]
        return [f".{text[15:-1]}: field not declared in schema" for text in shape.unknown]

    @property
    def keeps_labels(self) -> bool:
        return isinstance(self.family.converter, Renaming)

    def passes(self, entry: Entry) -> bool:
        if not entry.value.startswith(self._opening):
            return False
        return entry.revision >= self.family.since or self._remembered(entry) is entry

    async def shown(self, entries: Sequence[Entry]) -> list[Entry]:
        result = [entry if self.passes(entry) else self._remembered(entry) for entry in entries]
        lacking = [index for index, entry in enumerate(result) if entry is None]
        if lacking:
            made = await self._convert([entries[index] for index in lacking])
            for index, entry in zip(lacking, made, strict=True):
                result[index] = entry
        return [entry for entry in result if entry is not None]

    def _remembered(self, entry: Entry) -> Entry | None:
        known = codec.notes(entry).shown
        return known[1] if known is not None and known[0] is self else None

    async def _convert(self, entries: Sequence[Entry]) -> list[Entry]:
        objects = [codec.decode(entry) for entry in entries]
        for obj, entry in zip(objects, entries, strict=True):
            if entry.revision < self.family.since:
                self.family.settle(obj)
        converted = await self._in_version(objects, self.version)
        return [self._note(entry, obj) for entry, obj in zip(entries, converted, strict=True)]

    def _note(self, entry: Entry, obj: Object) -> Entry:
        """Remember how an entry shows: as itself where nothing differs."""
        made = codec.entry_of(entry.key, entry.revision, obj)
        if obj["metadata"]["resourceVersion"] != str(entry.revision):
            made = Entry(entry.key, entry.revision, made.cut, encode_json(obj))
        shown = entry if made.value == entry.value else made
        codec.notes(entry).shown = (self, shown)
        return shown

    async def converted(self, obj: Object) -> Object:
        """An object of any version in this one."""
        (converted,) = await self._in_version([obj], self.version)
        return converted

    async def stored(self, obj: Object) -> Object:
        (stored,) = await self._in_version([obj], self.family.storage)
        return stored

    async def _in_version(self, objects: Sequence[Object], version: str) -> list[Object]:
        wanted = f"{self.family.group}/{version}"
        if all(obj["apiVersion"] == wanted for obj in objects):
            return list(objects)
        converted = await self.family.converter.convert(objects, wanted)
        for obj in converted:
            self.family.prune(obj, self.family.places[version])
        return converted


def _opening(api_version: str, kind: str) -> bytes:
    """How the stored bytes of a version begin."""
    return encode_json({"apiVersion": api_version, "kind": kind})[:-1] + b","
