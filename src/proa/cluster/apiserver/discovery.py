"""Discovery: what the server serves, as aggregated (v2) and as legacy documents.

Source: apidiscovery.k8s.io/v2 and meta/v1 APIGroupList, APIResourceList. Documents are
built when first asked for and kept as bytes until the set of kinds changes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from proa.cluster.apiserver.kind import Kind, Subresource
from proa.cluster.apiserver.kinds.registry import Registry
from proa.kube.resources import Object

AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""The media type of the aggregated documents."""

_encode = msgspec.json.encode


class Discovery:
    """The documents of a set of kinds, which may change."""

    def __init__(self, kinds: Registry) -> None:
        self._kinds = kinds
        self._generation = -1
        self._documents: dict[tuple[str, ...], bytes] = {}

    def _document(self, name: tuple[str, ...], build: Callable[[], bytes]) -> bytes:
        """What is kept under a name, built where it is not there or out of date."""
        generation = self._kinds.generation
        if generation != self._generation:
            self._generation = generation
            self._documents.clear()
        if name not in self._documents:
            self._documents[name] = build()
        return self._documents[name]

    @property
    def core_aggregated(self) -> bytes:
        """`/api` for clients that ask for AGGREGATED_TYPE."""
        return self._document(("aggregated", "core"), lambda: _aggregated([self._group_discovery("")]))

    @property
    def groups_aggregated(self) -> bytes:
        """`/apis` for clients that ask for AGGREGATED_TYPE."""
        return self._document(
            ("aggregated", "named"),
            lambda: _aggregated([self._group_discovery(group) for group in self._named_groups]),
        )

    def api_versions(self, server_address: str) -> bytes:
        """`/api` as plain JSON; the address is `host:port` as clients reach it."""
        addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}]
        versions = self._kinds.group_versions.get("", [])
        return _encode({"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": addresses})

    @property
    def group_list(self) -> bytes:
        """`/apis` as plain JSON."""

        def build() -> bytes:
            groups = [self._group(name) for name in self._named_groups]
            return _encode({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})

        return self._document(("groups",), build)

    def group(self, name: str) -> bytes | None:
        """`/apis/NAME`, or None when there is no such group."""
        if name not in self._named_groups:
            return None
        return _encode({"kind": "APIGroup", "apiVersion": "v1", **self._group(name)})

    def resource_list(self, group: str, version: str) -> bytes | None:
        """`/api/v1` (group is empty) or `/apis/GROUP/VERSION`, or None when there is no such version."""
        if version not in self._kinds.group_versions.get(group, ()):
            return None

        def build() -> bytes:
            rows = [row for kind in self._kinds.of(group, version) for row in _rows(kind)]
            name = f"{group}/{version}" if group else version
            # The oldest list has no apiVersion of its own; clients of that age expect it so.
            head = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
            return _encode(head | {"groupVersion": name, "resources": rows})

        return self._document(("resources", group, version), build)

    @property
    def _named_groups(self) -> list[str]:
        return [group for group in self._kinds.group_versions if group]

    def _group(self, name: str) -> Object:
        versions = [
            {"groupVersion": f"{name}/{version}", "version": version}
            for version in self._kinds.group_versions[name]
        ]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _group_discovery(self, group: str) -> Object:
        versions = [
            {
                "version": version,
                "resources": [_resource(kind) for kind in self._kinds.of(group, version)],
                "freshness": "Current",
            }
            for version in self._kinds.group_versions[group]
        ]
        return {"metadata": {"name": group} if group else {}, "versions": versions}


def _aggregated(items: list[Object]) -> bytes:
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
    return _encode({**head, "items": items})


def _resource(kind: Kind) -> Object:
    resource = kind.resource
    optional: dict[str, Any] = {
        "shortNames": kind.short_names,
        "categories": kind.categories,
        "subresources": [_subresource(kind, kind.subresources[name]) for name in _ordered(kind)],
    }
    return {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": kind.verbs,
    } | {key: value for key, value in optional.items() if value}


def _ordered(kind: Kind) -> Iterable[str]:
    """The subresources by name; those of custom resources as they are declared."""
    return sorted(kind.subresources) if kind.form is None else kind.subresources


def _subresource(kind: Kind, sub: Subresource) -> Object:
    response = {"group": sub.group, "version": sub.version, "kind": sub.kind or kind.resource.kind}
    return {"subresource": sub.name, "responseKind": response, "verbs": sub.verbs}


def _storage_version_hash(kind: Kind) -> str:
    """Tells clients when the form changes in which a kind is stored; empty for what is not stored."""
    if "watch" not in kind.verbs:
        return ""
    resource = kind.resource
    form = kind.stored_as or resource
    text = f"{form.group}/{form.version}/{form.kind}"
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def _rows(kind: Kind) -> Iterator[Object]:
    """The legacy row of a kind, and those of its subresources."""
    resource = kind.resource
    lists = {
        "shortNames": kind.short_names,
        "categories": kind.categories,
        "storageVersionHash": _storage_version_hash(kind),
    }
    yield {
        "name": resource.plural,
        "singularName": kind.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": kind.verbs,
    } | {key: value for key, value in lists.items() if value}
    for name in _ordered(kind):
        sub = kind.subresources[name]
        where = {"group": sub.group, "version": sub.version} if sub.group else {}
        yield {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **where,
            "kind": sub.kind or resource.kind,
            "verbs": sub.verbs,
        }
