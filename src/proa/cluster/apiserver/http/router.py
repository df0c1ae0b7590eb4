"""From a URL path to what it is about (source: apiserver pkg/endpoints/request/requestinfo.go)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.target import Target

_REMEMBERED = 8192


@dataclass(frozen=True)
class Route:
    """A path under /api or /apis that names a known kind. `watch` for the old /watch/ paths."""

    target: Target
    watch: bool = False


class Router:
    """Routes to a set of kinds that may change. What was found is remembered until it does."""

    def __init__(self, kinds: Registry) -> None:
        self._kinds = kinds
        self._generation = kinds.generation
        self._remembered = lru_cache(_REMEMBERED)(self._find)

    @property
    def generation(self) -> int:
        """Grows when a path may lead to something else than before."""
        return self._kinds.generation

    def find(self, path: str) -> Route | None:
        """The route of a path, one trailing slash ignored; None when the path names no kind."""
        generation = self._kinds.generation
        if generation != self._generation:
            self._generation = generation
            self._remembered.cache_clear()
        return self._remembered(path)

    def _find(self, path: str) -> Route | None:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[0] == "api" and len(parts) > 2:
            return self._route("", parts[1], parts[2:])
        if parts[0] == "apis" and len(parts) > 3:
            return self._route(parts[1], parts[2], parts[3:])
        return None

    def _route(self, group: str, version: str, parts: Sequence[str]) -> Route | None:
        watch = parts[0] == "watch"
        target = self._target(group, version, parts[1:] if watch else parts)
        return Route(target, watch) if target else None

    def _target(self, group: str, version: str, parts: Sequence[str]) -> Target | None:
        find = self._kinds.find
        if len(parts) > 2 and parts[0] == "namespaces" and (kind := find(group, version, parts[2])):
            return _below(kind, parts[1], parts[3:]) if kind.resource.namespaced else None
        kind = find(group, version, parts[0]) if parts else None
        if kind is None or (kind.resource.namespaced and len(parts) > 1):
            return None
        return _below(kind, "", parts[1:])


def _below(kind: Kind, namespace: str, parts: Sequence[str]) -> Target | None:
    if len(parts) > 2 and parts[1] != "proxy":
        return None
    name, subresource = [*parts[:2], "", ""][:2]
    if subresource and subresource not in kind.subresources:
        return None
    return Target(kind, namespace, name, subresource)


def unknown_action(method: str, path: str) -> Action | None:
    """What a path under /apis that names no known kind would be about; None for other paths."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    prefix = {"api": 2, "apis": 3}.get(parts[0], 0)
    rest = parts[prefix:] if prefix else []
    if not rest:
        return None
    namespace = rest[1] if len(rest) > 2 and rest[0] == "namespaces" else ""
    plural, name, subresource = [*(rest[2:] if namespace else rest), "", "", ""][:3]
    verb = {"post": "create", "put": "update"}.get(method, method)
    verb = "list" if verb == "get" and not name else verb
    group = parts[1] if prefix == 3 else ""
    return Action(verb, group, plural, subresource, namespace, name)
