"""What a request to a kubelet stands for in RBAC. Pure.

Source: kubernetes.io, kubelet authentication/authorization; pkg/kubelet/server/auth.go.
"""

from __future__ import annotations

from typing import NamedTuple

_VERBS = {"POST": "create", "GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_FINE = {"pods": "pods", "runningpods": "pods", "healthz": "healthz", "configz": "configz"}
"""Paths with a subresource of their own; `nodes/proxy` opens them as well."""
_OWN = {"stats": "stats", "metrics": "metrics", "logs": "log"}
"""Paths that only their own subresource opens."""
_STREAMS = frozenset({"exec", "attach", "portForward"})


class Attributes(NamedTuple):
    """A verb, and the subresources of the node of which one is enough."""

    verb: str
    subresources: tuple[str, ...]


def attributes(method: str, path: str) -> Attributes:
    """What the caller needs on its node.

    Live connections are made with GET, but who may only read must not run commands: they need `create`.
    """
    first = path.strip("/").partition("/")[0]
    verb = "create" if first in _STREAMS else _VERBS.get(method, "")
    if first in _OWN:
        return Attributes(verb, (_OWN[first],))
    fine = (_FINE[first],) if first in _FINE else ()
    return Attributes(verb, (*fine, "proxy"))
