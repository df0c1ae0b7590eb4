"""OpenAPI v3: one document a group and version, and an index with hashes.

kubectl reads the schemas (explain, edit, apply), the `x-kubernetes-group-version-kind` of
operations (to find a kind's schema) and the `fieldValidation` parameter of PATCH (to leave
validation to the server). Schemas are spliced in as stored bytes, never decoded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.schema import Schemas
from proa.cluster.apiserver.schema.catalogue import references
from proa.cluster.apiserver.schema.node import REF_PREFIX

_encode = msgspec.json.encode
_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_DELETE_OPTIONS, _PATCH, _STATUS = f"{_META}.DeleteOptions", f"{_META}.Patch", f"{_META}.Status"

_OPERATIONS = {
    "list": ("get", "list", ()),
    "create": ("post", "post", ("dryRun", "fieldManager", "fieldValidation")),
    "deletecollection": ("delete", "deletecollection", ("dryRun", "labelSelector", "fieldSelector")),
    "get": ("get", "get", ()),
    "update": ("put", "put", ("dryRun", "fieldManager", "fieldValidation")),
    "patch": ("patch", "patch", ("dryRun", "fieldManager", "fieldValidation", "force")),
    "delete": ("delete", "delete", ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy")),
}
"""Verb -> method, action, query parameters."""

_ON_COLLECTION = ("list", "create", "deletecollection")
_ON_OBJECT = ("get", "update", "patch", "delete")
_TYPES = {"gracePeriodSeconds": "integer", "orphanDependents": "boolean", "force": "boolean"}
_PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_LIST_PARAMETERS = (
    "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "pretty", "resourceVersion",
    "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch",
)  # fmt: skip


class _Document(NamedTuple):
    """A document, and the kinds that it was made of."""

    identities: list[int]
    kinds: list[Kind]
    body: bytes
    hash: str


class OpenApi:
    """The documents of a set of kinds. One is made anew when kinds of its version change."""

    def __init__(self, kinds: Registry, schemas: Schemas) -> None:
        self._kinds = kinds
        self._schemas = schemas
        self._documents: dict[str, _Document] = {}
        self._generation = -1
        self._index = b""

    def index(self) -> bytes:
        """`/openapi/v3`: path -> URL with the hash of the document."""
        generation = self._kinds.generation
        if generation != self._generation:
            self._generation = generation
            paths = {
                name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={self.hash(name)}"}
                for name in self.names()
            }
            self._index = _encode({"paths": paths})
        return self._index

    def hash(self, name: str) -> str:
        """The hash that stands in the index for `api/v1`, `apis/apps/v1`..."""
        document = self._document(name)
        return document.hash if document else ""

    def document(self, name: str) -> bytes | None:
        """`/openapi/v3/NAME`, or None when there is no such group and version."""
        document = self._document(name)
        return document.body if document else None

    def _document(self, name: str) -> _Document | None:
        *_, group, version = ["", *name.removeprefix("apis/").removeprefix("api/").split("/")]
        kinds = self._kinds.of(group, version)
        if not kinds or kinds[0].resource.root.lstrip("/") != name:
            return None
        known = self._documents.get(name)
        if known is None or known.identities != list(map(id, kinds)):
            body = self._build(kinds)
            known = _Document(list(map(id, kinds)), kinds, body, hashlib.sha256(body).hexdigest().upper())
            self._documents[name] = known
        return known

    def names(self) -> list[str]:
        """The names of all documents."""
        return [
            kinds[0].resource.root.lstrip("/")
            for group, versions in self._kinds.group_versions.items()
            for version in versions
            if (kinds := self._kinds.of(group, version))
        ]

    def _build(self, kinds: list[Kind]) -> bytes:
        paths = {path: item for kind in kinds for path, item in self._paths(kind)}
        roots = {name for kind in kinds for name in self._definitions(kind)} | {
            _DELETE_OPTIONS,
            _PATCH,
            _STATUS,
        }
        custom = {name: _encode(schema) for kind in kinds for name, schema in _own_schemas(kind)}
        roots |= {name for raw in custom.values() for name in references(raw)}
        names = sorted(self._schemas.reachable(roots - custom.keys()))
        raw = {name: self._schemas.raw(name) for name in names} | custom
        schemas = {name: msgspec.Raw(raw[name]) for name in sorted(raw)}
        return _encode(
            {
                "openapi": "3.0.0",
                "info": {"title": "Kubernetes", "version": "unversioned"},
                "paths": paths,
                "components": {"schemas": schemas},
            }
        )

    def _definitions(self, kind: Kind) -> Iterator[str]:
        resource = kind.resource
        named = [(resource.api_version, resource.kind), (resource.api_version, kind.list_kind)]
        for sub in kind.subresources.values():
            version = f"{sub.group}/{sub.version}" if sub.group else resource.api_version
            named.append((version, sub.kind or resource.kind))
        yield from filter(None, (self._schemas.name_of(*pair) for pair in named))

    def _name_of(self, kind: Kind, api_version: str, name: str) -> str:
        form = kind.form
        if form is not None and api_version == kind.resource.api_version:
            return form.list_definition if name == kind.list_kind else form.definition
        return self._schemas.name_of(api_version, name)

    def _paths(self, kind: Kind) -> Iterator[tuple[str, dict[str, Any]]]:
        resource = kind.resource
        base = resource.path("{namespace}").replace("%7B", "{").replace("%7D", "}")
        scope = [_parameter("namespace", "path")] if resource.namespaced else []
        collection = [_parameter(name) for name in _LIST_PARAMETERS]
        yield base, self._item(kind, _ON_COLLECTION, kind.verbs, scope + collection)
        if resource.namespaced and "list" in kind.verbs:
            yield resource.path(), self._item(kind, ("list",), kind.verbs, collection)
        single = [*scope, _parameter("name", "path"), _parameter("pretty")]
        if not kind.create_only:
            yield f"{base}/{{name}}", self._item(kind, _ON_OBJECT, kind.verbs, single)
        for sub in kind.subresources.values():
            verbs = (*_ON_OBJECT, "create")
            yield f"{base}/{{name}}/{sub.name}", self._item(kind, verbs, sub.verbs, single, sub.name)

    def _item(
        self,
        kind: Kind,
        candidates: tuple[str, ...],
        verbs: tuple[str, ...],
        parameters: list[dict[str, Any]],
        subresource: str = "",
    ) -> dict[str, Any]:
        item: dict[str, Any] = {"parameters": parameters}
        for verb in candidates:
            if verb in verbs:
                item[_OPERATIONS[verb][0]] = self._operation(kind, verb, subresource)
        return item

    def _operation(self, kind: Kind, verb: str, subresource: str) -> dict[str, Any]:
        resource, sub = kind.resource, kind.subresources.get(subresource)
        group, version, name = resource.group, resource.version, resource.kind
        if sub and sub.kind:
            group, version, name = sub.group or group, sub.version or version, sub.kind
        definition = self._name_of(kind, f"{group}/{version}" if group else version, name)
        list_name = self._name_of(kind, resource.api_version, kind.list_kind)
        answer = {"list": list_name, "deletecollection": _STATUS}.get(verb, definition)
        _, action, query = _OPERATIONS[verb]
        operation: dict[str, Any] = {
            "responses": {"200": {"description": "OK", **_content(("application/json",), answer)}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": name},
        }
        if query:
            operation["parameters"] = [_parameter(parameter) for parameter in query]
        body = _request_body(verb, definition, kind.form is not None)
        return operation | ({"requestBody": body} if body else {})


def _own_schemas(kind: Kind) -> Iterator[tuple[str, Any]]:
    """The schemas that a custom resource brings."""
    if kind.form is not None:
        yield from kind.form.definitions.items()


def _request_body(verb: str, definition: str, custom: bool) -> dict[str, Any]:
    if verb == "patch":
        types = [type_ for type_ in _PATCH_TYPES if not (custom and "strategic" in type_)]
        return _content(tuple(types), _PATCH) | {"required": True}
    if verb in ("create", "update"):
        return _content(("*/*",), definition) | {"required": True}
    return _content(("*/*",), _DELETE_OPTIONS) if verb.startswith("delete") else {}


def _content(media_types: tuple[str, ...], definition: str) -> dict[str, Any]:
    """Content of a definition; kinds without one (options of streams) are plain text."""
    schema = {"$ref": REF_PREFIX + definition} if definition else {"type": "string"}
    return {"content": {media_type: {"schema": schema} for media_type in media_types}}


def _parameter(name: str, where: str = "query") -> dict[str, Any]:
    schema = {"type": _TYPES.get(name, "string"), "uniqueItems": True}
    return {"name": name, "in": where, "schema": schema} | ({"required": True} if where == "path" else {})
