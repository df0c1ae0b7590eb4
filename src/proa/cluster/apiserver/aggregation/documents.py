"""Discovery documents of this server and of the remotes behind it, merged. Pure but for a memory.

Source: kube-aggregator pkg/apiserver (handler_apis.go, handler_discovery.go); apiserver
pkg/endpoints (ConvertGroupVersionIntoToDiscovery).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Protocol

import msgspec

from proa.cluster.apiserver.aggregation.priorities import CUSTOM, built_in, version_rank
from proa.cluster.apiserver.aggregation.remotes import Remote, Remotes
from proa.kube.resources import Object

_encode = msgspec.json.encode
_decode = msgspec.json.decode
_FIRST = "apiregistration.k8s.io"
_FIRST_PRIORITY = 20000


class DiscoveryDocuments(Protocol):
    """What is told of groups, versions and resources."""

    @property
    def core_aggregated(self) -> bytes: ...

    @property
    def groups_aggregated(self) -> bytes: ...

    @property
    def group_list(self) -> bytes: ...

    def api_versions(self, server_address: str) -> bytes: ...

    def group(self, name: str) -> bytes | None: ...

    def resource_list(self, group: str, version: str) -> bytes | None: ...


class MergedDiscovery:
    """The same documents with the remotes' groups and versions in them."""

    def __init__(self, local: DiscoveryDocuments, remotes: Remotes) -> None:
        self._local = local
        self._remotes = remotes
        self._merged: dict[str, tuple[bytes, int, bytes]] = {}

    @property
    def core_aggregated(self) -> bytes:
        """`/api`, aggregated."""
        return self._local.core_aggregated

    @property
    def groups_aggregated(self) -> bytes:
        """`/apis`, aggregated."""
        return self._merge("aggregated", self._local.groups_aggregated, self._aggregated)

    @property
    def group_list(self) -> bytes:
        """`/apis` as plain JSON."""
        return self._merge("list", self._local.group_list, self._group_list)

    def api_versions(self, server_address: str) -> bytes:
        """`/api` as plain JSON."""
        return self._local.api_versions(server_address)

    def group(self, name: str) -> bytes | None:
        """`/apis/NAME`, or None when there is no such group."""
        if not any(remote.group == name for remote in self._remotes.all()):
            return self._local.group(name)
        for group in _decode(self.group_list)["groups"]:
            if group["name"] == name:
                return _encode({"kind": "APIGroup", "apiVersion": "v1", **group})
        return None

    def resource_list(self, group: str, version: str) -> bytes | None:
        """`/apis/GROUP/VERSION` of this server's own."""
        return self._local.resource_list(group, version)

    def _merge(self, name: str, local: bytes, merge: Callable[[Object], Object]) -> bytes:
        if not self._remotes:
            return local
        known = self._merged.get(name)
        if known is None or known[0] is not local or known[1] != self._remotes.generation:
            merged = _encode(merge(_decode(local)))
            known = self._merged[name] = (local, self._remotes.generation, merged)
        return known[2]

    def _aggregated(self, document: Object) -> Object:
        groups = {item["metadata"]["name"]: item for item in document["items"]}
        for remote in self._remotes.all():
            findings = self._remotes.findings(remote.name)
            version = {
                "version": remote.version,
                "resources": findings.resources,
                "freshness": "Current" if findings.fresh else "Stale",
            }
            group = groups.setdefault(remote.group, {"metadata": {"name": remote.group}, "versions": []})
            group["versions"] = self._versions(remote.group, [*group["versions"], version])
        return document | {"items": self._ordered(groups)}

    def _group_list(self, document: Object) -> Object:
        groups = {group["name"]: group for group in document["groups"]}
        for remote in self._remotes.all():
            version = {"groupVersion": f"{remote.group}/{remote.version}", "version": remote.version}
            group = groups.setdefault(remote.group, {"name": remote.group, "versions": []})
            group["versions"] = self._versions(remote.group, [*group["versions"], version])
            group["preferredVersion"] = group["versions"][0]
        return document | {"groups": self._ordered(groups)}

    def _ordered(self, groups: dict[str, Object]) -> list[Object]:
        return [groups[name] for name in sorted(groups, key=self._group_priority, reverse=True)]

    def _group_priority(self, name: str) -> int:
        if name == _FIRST:
            return _FIRST_PRIORITY
        mine = built_in(name, "v1")
        theirs = [remote.group_priority for remote in self._remotes.all() if remote.group == name]
        return max([mine.group] if mine else theirs or [CUSTOM.group])

    def _versions(self, group: str, versions: Iterable[Object]) -> list[Object]:
        """Each version once, the last given counts; by priority, then as Kubernetes orders versions."""
        by_name = {version["version"]: version for version in versions}

        def rank(name: str) -> tuple[int, tuple[int, int, int, str]]:
            remote = self._remotes.find(group, name)
            return remote.version_priority if remote else _local_priority(group, name), version_rank(name)

        return [by_name[name] for name in sorted(by_name, key=rank, reverse=True)]


@cache
def _local_priority(group: str, version: str) -> int:
    return (built_in(group, version) or CUSTOM).version


def resources_of(document: Object, remote: Remote) -> tuple[Object, ...]:
    """The aggregated form of an APIResourceList; resources in its order, subresources below theirs."""
    found: dict[str, Object] = {}
    rows = [row for row in document.get("resources") or () if row.get("name")]
    for row in rows:
        if "/" not in row["name"]:
            found[row["name"]] = _resource(row, remote)
    for row in rows:
        parent, _, name = row["name"].partition("/")
        if name:
            empty = {"resource": parent, "responseKind": {"group": "", "version": "", "kind": ""}}
            resource = found.setdefault(parent, empty | {"scope": _scope(row), "verbs": []})
            subresource = {"subresource": name, "responseKind": _kind(row, remote), "verbs": row["verbs"]}
            resource.setdefault("subresources", []).append(subresource)
    return tuple(found.values())


def _resource(row: Object, remote: Remote) -> Object:
    optional: dict[str, Any] = {key: row.get(key) for key in ("shortNames", "categories")}
    return {
        "resource": row["name"],
        "responseKind": _kind(row, remote),
        "scope": _scope(row),
        "singularResource": row.get("singularName", ""),
        "verbs": row.get("verbs") or [],
    } | {key: value for key, value in optional.items() if value}


def _scope(row: Object) -> str:
    return "Namespaced" if row.get("namespaced") else "Cluster"


def _kind(row: Object, remote: Remote) -> Object:
    group, version = row.get("group") or remote.group, row.get("version") or remote.version
    return {"group": group, "version": version, "kind": row.get("kind", "")}
