"""What a request wants, before anything is done (source: apiserver pkg/endpoints/request/requestinfo.go)."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl

from aiohttp import hdrs

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.http.router import Route, Router, unknown_action
from proa.cluster.apiserver.metrics import Key
from proa.cluster.apiserver.subresources.streams import is_stream

_VERBS = {
    hdrs.METH_POST: "create",
    hdrs.METH_PUT: "update",
    hdrs.METH_PATCH: "patch",
    hdrs.METH_DELETE: "delete",
}
_LONG = ("log", "proxy")
READING = frozenset({"get", "list", "watch"})
_KNOWN_PATHS = frozenset({"api", "apis", "healthz", "livez", "readyz", "version", "openapi", "metrics"})
_REMEMBERED = 4096
_REMEMBERED_LENGTH = 256


class RequestInfo:
    """Verb and object of a request; `route` is None for a path that is no object's."""

    __slots__ = ("labels", "long_running", "path", "query", "route", "timeout", "verb")

    def __init__(self, method: str, path: str, query: str, route: Route | None) -> None:
        self.path, self.query, self.route = path, query, route
        self.verb = _verb(method, query, route)
        """That of authorization: get, list, watch, create, update, patch, delete, deletecollection."""
        self.long_running = (
            _wants_watch(query)
            if route is None
            else self.verb == "watch" or route.target.subresource in _LONG or is_stream(route.target)
        )
        """Whether the answer may have no end."""
        self.timeout = "" if self.long_running else _timeout(query)
        """How long the client would wait, such as 10s; empty when it does not say."""
        self.labels = _labels(self.verb, path, route)
        """Those of the request's metrics."""

    @property
    def action(self) -> Action:
        """What is to be authorised."""
        if self.route is None:
            return unknown_action(self.verb, self.path) or Action(self.verb, path=self.path)
        return self.route.target.action(self.verb)


class RequestInfos:
    """What requests want; of those that come again and again it is found once."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._generation = router.generation
        self._remembered = lru_cache(_REMEMBERED)(self._find)

    def find(self, method: str, address: str) -> RequestInfo:
        """Of a method, and the path and query as they stand in the request."""
        if len(address) > _REMEMBERED_LENGTH:
            return self._find(method, address)
        if (generation := self._router.generation) != self._generation:
            self._generation = generation
            self._remembered.cache_clear()
        return self._remembered(method, address)

    def _find(self, method: str, address: str) -> RequestInfo:
        path, _, query = address.partition("?")
        return RequestInfo(method, path, query, self._router.find(path))


def _labels(verb: str, path: str, route: Route | None) -> Key:
    """A path that nothing is at counts as no path of its own."""
    if route is None:
        first = path.strip("/").partition("/")[0]
        return (verb.upper(), "", "", "", first if first in _KNOWN_PATHS else "", "")
    target, resource = route.target, route.target.resource
    scope = "resource" if target.name else "namespace" if target.namespace else "cluster"
    return (verb.upper(), resource.group, resource.version, resource.plural, target.subresource, scope)


def _verb(method: str, query: str, route: Route | None) -> str:
    if route is None:
        return method.lower()
    if method in (hdrs.METH_GET, hdrs.METH_HEAD):
        if route.watch or (not route.target.name and _wants_watch(query)):
            return "watch"
        return "get" if route.target.name else "list"
    verb = _VERBS.get(method, "")
    return "deletecollection" if verb == "delete" and not route.target.name else verb


def _timeout(query: str) -> str:
    return dict(parse_qsl(query)).get("timeout", "") if "timeout=" in query else ""


def _wants_watch(query: str) -> bool:
    return "watch" in query and any(part in ("watch=true", "watch=1", "watch") for part in query.split("&"))
