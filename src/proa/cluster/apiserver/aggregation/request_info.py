"""What a request to an aggregated server is about, told from its method, path and query alone.

Source: apiserver pkg/endpoints/request/requestinfo.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from proa.cluster.apiserver.authorizer import Action

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_COLLECTION_VERBS = {"get": "list", "delete": "deletecollection"}
_FALSE = ("false", "0", "")
_NAME = "metadata.name="


def action_of(method: str, path: str, query: Mapping[str, str]) -> Action:
    """The action to authorise for a path under /apis; other paths stand for themselves."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] != "apis" or len(parts) < 4:
        return Action(method.lower(), path=path)
    group, rest = parts[1], parts[3:]
    verb = _VERBS.get(method, method.lower())
    if rest[0] in ("watch", "proxy") and len(rest) > 1:
        verb, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    resource, name, subresource = (*rest[:3], "", "")[:3]
    if not name:
        name = _selected_name(query)
        verb = _collection_verb(verb, query)
    return Action(verb, group, resource, subresource, namespace, name)


def is_discovery(path: str) -> bool:
    """Whether a path is that of a group and version: an answer that has to come fast."""
    return path.strip("/").count("/") == 2


def _collection_verb(verb: str, query: Mapping[str, str]) -> str:
    if verb == "get" and query.get("watch", "false").lower() not in _FALSE:
        return "watch"
    return _COLLECTION_VERBS.get(verb, verb)


def _selected_name(query: Mapping[str, str]) -> str:
    """A selector for one name narrows the request to that object."""
    selector = query.get("fieldSelector", "")
    return selector.removeprefix(_NAME) if selector.startswith(_NAME) and "," not in selector else ""
