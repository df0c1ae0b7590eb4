"""From method and path to verb, object and whether an answer ends."""

from __future__ import annotations

import pytest

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.http.request_info import RequestInfo, RequestInfos
from proa.cluster.apiserver.http.router import Router
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.kinds.registry import Registry

PODS = "/api/v1/namespaces/n/pods"


@pytest.mark.parametrize(
    ("method", "path", "query", "action", "long_running"),
    [
        ("GET", PODS, "", Action("list", "", "pods", namespace="n"), False),
        ("GET", PODS, "watch=true", Action("watch", "", "pods", namespace="n"), True),
        ("GET", f"{PODS}/p", "watch=true", Action("get", "", "pods", namespace="n", name="p"), False),
        ("GET", f"{PODS}/p/log", "", Action("get", "", "pods", "log", "n", "p"), True),
        ("POST", f"{PODS}/p/exec", "", Action("create", "", "pods", "exec", "n", "p"), True),
        ("DELETE", PODS, "", Action("deletecollection", "", "pods", namespace="n"), False),
        ("PATCH", f"{PODS}/p", "", Action("patch", "", "pods", namespace="n", name="p"), False),
        ("GET", "/metrics", "", Action("get", path="/metrics"), False),
        ("GET", "/apis/x.io/v1/namespaces/n/ys/z", "", Action("get", "x.io", "ys", "", "n", "z"), False),
        ("GET", "/apis/x.io/v1/ys", "watch=1", Action("list", "x.io", "ys"), True),
        ("GET", "/apis/apps", "", Action("get", path="/apis/apps"), False),
    ],
)
def test_requests(method: str, path: str, query: str, action: Action, long_running: bool) -> None:
    info = RequestInfo(method, path, query, Router(KINDS).find(path))
    assert (info.action, info.long_running) == (action, long_running)


class _Growing(Registry):
    """A registry whose set of kinds is said to have changed."""

    changes = 0

    @property
    def generation(self) -> int:
        return self.changes


def test_what_was_found_is_remembered_until_the_kinds_change() -> None:
    kinds = _Growing(KINDS)
    infos = RequestInfos(Router(kinds))

    first = infos.find("GET", f"{PODS}?watch=1")
    assert (first.path, first.query, first.verb) == (PODS, "watch=1", "watch")
    assert infos.find("GET", f"{PODS}?watch=1") is first
    assert infos.find("DELETE", f"{PODS}?watch=1") is not first
    kinds.changes += 1
    assert infos.find("GET", f"{PODS}?watch=1") is not first


def test_long_addresses_are_not_remembered() -> None:
    infos, address = RequestInfos(Router(KINDS)), f"{PODS}?continue={'x' * 300}"
    assert infos.find("GET", address) is not infos.find("GET", address)
