"""The pure parts of the aggregation layer."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver.aggregation.endpoints import choose
from proa.cluster.apiserver.aggregation.priorities import built_in, version_rank
from proa.cluster.apiserver.aggregation.registration import wanted
from proa.cluster.apiserver.aggregation.request_info import action_of
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.front_proxy import user_headers
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.kinds import KINDS
from proa.errors import ServiceUnavailable

GROUP = "g.example.com"
ROOT = f"/apis/{GROUP}/v1"
HATS = f"{ROOT}/namespaces/ns/hats"


def on_hats(verb: str, name: str = "", subresource: str = "") -> Action:
    return Action(verb, GROUP, "hats", subresource, "ns", name)


@pytest.mark.parametrize(
    ("method", "path", "query", "action"),
    [
        ("GET", HATS, {}, on_hats("list")),
        ("GET", f"{HATS}/", {"watch": "false"}, on_hats("list")),
        ("GET", HATS, {"watch": "1"}, on_hats("watch")),
        ("GET", f"{ROOT}/watch/namespaces/ns/hats", {}, on_hats("watch")),
        ("GET", HATS, {"fieldSelector": "metadata.name=a"}, on_hats("list", "a")),
        ("POST", HATS, {}, on_hats("create")),
        ("DELETE", HATS, {}, on_hats("deletecollection")),
        ("HEAD", f"{HATS}/a", {}, on_hats("get", "a")),
        ("PUT", f"{HATS}/a/status", {}, on_hats("update", "a", "status")),
        ("PATCH", f"{HATS}/a%2Fb", {}, on_hats("patch", "a/b")),
        ("GET", f"{ROOT}/shelves/s", {}, Action("get", GROUP, "shelves", name="s")),
        ("GET", ROOT, {}, Action("get", path=ROOT)),
        ("GET", f"/openapi/v3{ROOT}", {}, Action("get", path=f"/openapi/v3{ROOT}")),
    ],
)
def test_what_a_request_is_about(method: str, path: str, query: dict[str, str], action: Action) -> None:
    assert action_of(method, path, query) == action


def test_versions_stand_as_kubernetes_orders_them() -> None:
    names = ["v1beta1", "foo10", "v10", "v11alpha2", "foo1", "v3beta1", "v2", "v12alpha1", "v11beta2"]
    assert sorted(names, key=version_rank, reverse=True) == [
        "v10", "v2", "v11beta2", "v3beta1", "v1beta1", "v12alpha1", "v11alpha2", "foo1", "foo10",
    ]  # fmt: skip


def test_every_built_in_group_has_its_place() -> None:
    stable = {group for group, versions in KINDS.group_versions.items() if "v1" in versions}
    groups = stable - {"apiregistration.k8s.io"}
    assert not [group for group in groups if built_in(group, "v1") is None]
    names = wanted(KINDS.group_versions, [])
    assert names["v1."]["spec"]["groupPriorityMinimum"] == 18000
    assert names["v2.autoscaling"]["spec"]["versionPriority"] == 30


def test_a_users_extra_keys_are_escaped() -> None:
    user = User("jane", ("a",), "7", {"example.com/scopes": ("x", "y")})
    assert list(user_headers(user)) == [
        ("X-Remote-User", "jane"),
        ("X-Remote-Uid", "7"),
        ("X-Remote-Group", "a"),
        ("X-Remote-Extra-example.com%2Fscopes", "x"),
        ("X-Remote-Extra-example.com%2Fscopes", "y"),
    ]


def slice_of(address: str, *, ready: bool | None = True, name: str = "https") -> dict[str, Any]:
    kind = "IPv6" if ":" in address else "IPv4"
    conditions = {} if ready is None else {"ready": ready}
    return {
        "addressType": kind,
        "ports": [{"name": name, "port": 8443}],
        "endpoints": [{"addresses": [address], "conditions": conditions}],
    }


def service(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": {"ports": [{"name": "https", "port": 443}]} | spec}


def test_an_endpoint_of_the_first_family_is_chosen() -> None:
    slices = [slice_of("10.0.0.1"), slice_of("fd00::1", ready=None), slice_of("10.0.0.2", ready=False)]
    assert choose(service(ipFamilies=["IPv6", "IPv4"]), slices, 443)[:2] == ("fd00::1", 8443)
    assert choose(service(ipFamilies=["IPv4"]), slices, 443).host == "10.0.0.1"


@pytest.mark.parametrize(
    ("spec", "slices", "port", "message"),
    [
        ({}, [slice_of("10.0.0.1")], 80, 'no service port 80 found for service "s"'),
        ({}, [slice_of("10.0.0.1", ready=False)], 443, 'no endpoints available for service "s"'),
        ({}, [slice_of("10.0.0.1", name="http")], 443, 'no endpoints available for service "s"'),
        ({"type": "ExternalName"}, [], 443, 'unsupported service type "ExternalName"'),
    ],
)
def test_why_there_is_none(
    spec: dict[str, Any], slices: list[dict[str, Any]], port: int, message: str
) -> None:
    with pytest.raises(ServiceUnavailable, match=message):
        choose(service(**spec), slices, port)
