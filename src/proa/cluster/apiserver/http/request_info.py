"""What a request wants, before anything is done (source: apiserver pkg/endpoints/request/requestinfo.go)."""

from __future__ import annotations

from aiohttp import hdrs

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.http.router import Route, unknown_action
from proa.cluster.apiserver.subresources.streams import is_stream

_VERBS = {
    hdrs.METH_POST: "create",
    hdrs.METH_PUT: "update",
    hdrs.METH_PATCH: "patch",
    hdrs.METH_DELETE: "delete",
}
_LONG = ("log", "proxy")
READING = frozenset({"get", "list", "watch"})


class RequestInfo:
    """Verb and object of a request; `route` is None for a path that is no object's."""

    __slots__ = ("long_running", "path", "query", "route", "verb")

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

    @property
    def action(self) -> Action:
        """What is to be authorised."""
        if self.route is None:
            return unknown_action(self.verb, self.path) or Action(self.verb, path=self.path)
        target = self.route.target
        resource = target.resource
        return Action(
            self.verb, resource.group, resource.plural, target.subresource, target.namespace, target.name
        )


def _verb(method: str, query: str, route: Route | None) -> str:
    if route is None:
        return method.lower()
    if method in (hdrs.METH_GET, hdrs.METH_HEAD):
        if route.watch or (not route.target.name and _wants_watch(query)):
            return "watch"
        return "get" if route.target.name else "list"
    verb = _VERBS.get(method, "")
    return "deletecollection" if verb == "delete" and not route.target.name else verb


def _wants_watch(query: str) -> bool:
    return "watch" in query and any(part in ("watch=true", "watch=1", "watch") for part in query.split("&"))
