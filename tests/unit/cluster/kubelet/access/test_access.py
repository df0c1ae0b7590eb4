"""Who may ask a kubelet for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from proa.cluster.kubelet.access import Gate, Reviews
from proa.cluster.kubelet.access.attributes import attributes
from proa.cluster.kubelet.access.caller import Caller, of_certificate, of_review
from proa.errors import ServiceUnavailable
from proa.kube import SERVICE_ACCOUNTS, Object, Resource
from support.server import api_server

ATTRIBUTES = {
    "numbers": ("GET", "/metrics", "get", ("metrics",)),
    "files of the node": ("GET", "/logs/syslog", "get", ("log",)),
    "numbers of containers": ("GET", "/metrics/cadvisor", "get", ("metrics",)),
    "a summary": ("GET", "/stats/summary", "get", ("stats",)),
    "pods": ("GET", "/pods", "get", ("pods", "proxy")),
    "health": ("GET", "/healthz", "get", ("healthz", "proxy")),
    "settings": ("GET", "/configz", "get", ("configz", "proxy")),
    "a name that only begins so": ("GET", "/podsecrets", "get", ("proxy",)),
    "logs of a container": ("GET", "/containerLogs/a/p/c", "get", ("proxy",)),
    "a command": ("GET", "/exec/a/p/c", "create", ("proxy",)),
    "a forwarded port": ("POST", "/portForward/a/p", "create", ("proxy",)),
    "a method that nobody knows": ("BREW", "/pods", "", ("pods", "proxy")),
}


@pytest.mark.parametrize(("method", "path", "verb", "subresources"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_what_a_path_stands_for(method: str, path: str, verb: str, subresources: tuple[str, ...]) -> None:
    assert attributes(method, path) == (verb, subresources)


CERTIFICATES = {
    "the API server": ((("commonName", "kube-apiserver-kubelet-client"),), True),
    "an administrator": ((("organizationName", "system:masters"), ("commonName", "me")), True),
    "a node": ((("organizationName", "system:nodes"), ("commonName", "system:node:n")), False),
    "a group named as the API server": (
        (("organizationName", "kube-apiserver-kubelet-client"), ("commonName", "me")),
        False,
    ),
}


@pytest.mark.parametrize(("subject", "trusted"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_whom_a_certificate_makes(subject: tuple[tuple[str, str], ...], trusted: bool) -> None:
    caller = of_certificate({"subject": tuple((pair,) for pair in subject)})
    assert caller is not None
    assert caller.is_trusted is trusted


def test_no_certificate_and_a_false_token_make_nobody() -> None:
    assert of_certificate(None) is None
    assert of_review({"authenticated": False, "user": {"username": "a"}}) is None


class _Api:
    """Knows the token `good` of `scraper`, who may read numbers."""

    def __init__(self) -> None:
        self.asked: list[Object] = []
        self.down = False

    async def create(self, resource: Resource, obj: Object, *_: Any, **__: Any) -> Object:
        if self.down:
            raise ServiceUnavailable("away")
        self.asked.append(obj["spec"])
        if resource.kind == "TokenReview":
            good = obj["spec"]["token"] == "good"
            return {"status": {"authenticated": good, "user": {"username": "scraper", "groups": ["g"]}}}
        wanted = obj["spec"]["resourceAttributes"]
        return {"status": {"allowed": (wanted["verb"], wanted["subresource"]) == ("get", "metrics")}}


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _reviews(api: Any, clock: _Clock | None = None) -> Reviews:
    return Reviews(api, "n1", clock or _Clock())


async def _ask(gate: Gate, path: str, token: str = "", certificate: Any = None) -> tuple[int, str]:
    transport = Mock()
    transport.get_extra_info.return_value.getpeercert.return_value = certificate
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(text="served")

    answer = await gate.pass_on(make_mocked_request("GET", path, headers, transport=transport), handler)
    assert isinstance(answer, web.Response)
    return answer.status, answer.text or ""


async def test_a_token_opens_what_its_user_may_read() -> None:
    api = _Api()
    gate = Gate(_reviews(api))
    assert await _ask(gate, "/metrics/cadvisor", "good") == (200, "served")
    assert await _ask(gate, "/metrics", "bad") == (401, "Unauthorized")
    assert await _ask(gate, "/metrics") == (401, "Unauthorized")
    said = "Forbidden (user=scraper, verb=get, resource=nodes, subresource(s)=[pods proxy])\n"
    assert await _ask(gate, "/pods", "good") == (403, said)
    assert {"user": "scraper", "groups": ["g"]}.items() <= api.asked[1].items()
    assert api.asked[1]["resourceAttributes"]["name"] == "n1"


async def test_the_api_server_is_served_while_nobody_can_be_asked() -> None:
    api = _Api()
    api.down = True
    gate = Gate(_reviews(api))
    trusted = {"subject": ((("commonName", "kube-apiserver-kubelet-client"),),)}
    assert (await _ask(gate, "/pods", certificate=trusted))[0] == 200
    assert (await _ask(gate, "/metrics", "good"))[0] == 401
    other = {"subject": ((("commonName", "me"),),)}
    assert await _ask(gate, "/metrics", certificate=other) == (
        500,
        "Authorization error (user=me, verb=get, resource=nodes, subresource=metrics)",
    )


async def test_answers_are_remembered_for_a_while_and_refusals_for_less() -> None:
    api, clock = _Api(), _Clock()
    reviews, me = _reviews(api, clock), Caller("me")
    for _ in range(2):
        assert await reviews.may(me, "get", "metrics")
        assert not await reviews.may(me, "get", "proxy")
        assert await reviews.caller("bad") is None
    assert len(api.asked) == 3
    clock.now = 6.0
    assert await reviews.may(me, "get", "metrics")
    assert not await reviews.may(me, "get", "proxy")
    assert len(api.asked) == 4
    clock.now = 31.0
    assert await reviews.may(me, "get", "metrics")
    assert len(api.asked) == 5


async def test_a_service_account_is_known_by_its_token_and_has_the_rights_of_its_roles(
    tmp_path: Path,
) -> None:
    rbac = ("rbac.authorization.k8s.io", "v1")
    roles = Resource(*rbac, "clusterroles", "ClusterRole", namespaced=False)
    bindings = Resource(*rbac, "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
    rule = {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}
    subject = {"kind": "ServiceAccount", "name": "scraper", "namespace": "default"}
    reference = {"apiGroup": rbac[0], "kind": "ClusterRole", "name": "scraper"}
    async with api_server(tmp_path) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "scraper"}}, "default")
        await client.create(roles, {"metadata": {"name": "scraper"}, "rules": [rule]})
        binding = {"metadata": {"name": "scraper"}, "subjects": [subject], "roleRef": reference}
        await client.create(bindings, binding)
        made = await client.create(
            SERVICE_ACCOUNTS, {"spec": {}}, "default", name="scraper", subresource="token"
        )
        reviews = Reviews(client, "n1")
        caller = await reviews.caller(made["status"]["token"])
        assert caller is not None
        assert caller.name == "system:serviceaccount:default:scraper"
        assert await reviews.may(caller, "get", "metrics")
        assert not await reviews.may(caller, "get", "proxy")
        assert await reviews.caller("not.a.token") is None
