"""What a request wants, before anything is done (source: apiserver pkg/endpoints/request/requestinfo.go)."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import hdrs

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.http.router import Route
from proa.cluster.apiserver.subresources.streams import is_stream

_VERBS = {
    hdrs.METH_POST: "create",
    hdrs.METH_PUT: "update",
    hdrs.METH_PATCH: "patch",
    hdrs.METH_DELETE: "delete",
}
_LONG = ("log", "proxy")
READING = frozenset({"get", "list", "watch"})


@dataclass(slots=True)
class RequestInfo:
    """Verb and object of a request; `route` is None for a path that is no object's."""

    method: str
    path: str
    query: str
    route: Route | None

    @property
    def verb(self) -> str:
        """The verb of authorization: get, list, watch, create, update, patch, delete, deletecollection."""
        route = self.route
        if route is None:
            return self.method.lower()
        if self.method in (hdrs.METH_GET, hdrs.METH_HEAD):
            if route.watch or (not route.target.name and _wants_watch(self.query)):
                return "watch"
            return "get" if route.target.name else "list"
        verb = _VERBS.get(self.method, "")
        return "deletecollection" if verb == "delete" and not route.target.name else verb

    @property
    def long_running(self) -> bool:
        """Whether the answer may have no end."""
        route = self.route
        if route is None:
            return False
        return route.target.subresource in _LONG or is_stream(route.target) or self.verb == "watch"

    @property
    def action(self) -> Action:
        """What is to be authorised."""
        if self.route is None:
            return Action(self.verb, path=self.path)
        target = self.route.target
        resource = target.resource
        return Action(
            self.verb, resource.group, resource.plural, target.subresource, target.namespace, target.name
        )


def _wants_watch(query: str) -> bool:
    return any(part in ("watch=true", "watch=1", "watch") for part in query.split("&"))
