"""Webhooks as clients of the API see them: a real server asks a real webhook over HTTPS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proa.cluster.apiserver import ApiServer
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS
from proa.errors import ApiError, BadRequest, InternalError
from proa.kube import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    NAMESPACES,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Object,
    Resource,
)
from support.server import api_server
from support.webhook import Answer, WebhookServer, allow, patch, webhook_server

GROUP = "admissionregistration.k8s.io"
MUTATING = Resource(
    GROUP, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", namespaced=False
)
VALIDATING = Resource(
    GROUP, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", namespaced=False
)
CONFIG_MAP = {"metadata": {"name": "c"}, "data": {"a": "1"}}


def configuration(*hooks: Object, name: str = "hooks") -> Object:
    return {"metadata": {"name": name}, "webhooks": list(hooks)}


def webhook(client: Object, name: str = "x.example.com", **more: Any) -> Object:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
    return {
        "name": name,
        "clientConfig": client,
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    } | more


def covering(*resources: str, groups: tuple[str, ...] = ("*",)) -> list[Object]:
    return [
        {"apiGroups": list(groups), "apiVersions": ["*"], "operations": ["*"], "resources": list(resources)}
    ]


@asynccontextmanager
async def cluster(folder: Path, answer: Answer = allow) -> AsyncIterator[tuple[ApiServer, WebhookServer]]:
    """An API server and a webhook."""
    async with webhook_server(folder / "hook", answer) as hook, api_server(folder) as server:
        await server.client().create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        yield server, hook


async def test_a_mutating_webhook_changes_what_is_stored(tmp_path: Path) -> None:
    async def label(_review: Object) -> Object:
        return patch({"op": "add", "path": "/metadata/labels", "value": {"by": "webhook"}})

    async with cluster(tmp_path, label) as (server, hook):
        client = server.client()
        await client.create(MUTATING, configuration(webhook(hook.client("/mutate"))))

        made = await client.create(CONFIG_MAPS, CONFIG_MAP, "default")

        assert made["metadata"]["labels"] == {"by": "webhook"}
        (asked,) = hook.asked
        assert asked["path"] == "/mutate?timeout=10s"
        assert asked["kind"] == asked["requestKind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
        assert asked["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
        assert (asked["operation"], asked["name"], asked["namespace"]) == ("CREATE", "c", "default")
        assert asked["object"]["data"] == {"a": "1"}
        assert asked["oldObject"] is None
        assert asked["dryRun"] is False
        assert asked["userInfo"]["username"] == "system:admin"
        assert asked["options"]["kind"] == "CreateOptions"


async def test_what_a_webhook_adds_gets_defaults_and_is_checked(tmp_path: Path) -> None:
    async def port(_review: Object) -> Object:
        return patch({"op": "add", "path": "/spec/containers/0/ports", "value": [{"containerPort": 80}]})

    async with cluster(tmp_path, port) as (server, hook):
        client = server.client()
        await client.create(MUTATING, configuration(webhook(hook.client(), rules=covering("pods"))))

        pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "i"}]}}
        made = await client.create(PODS, pod, "default")

        assert made["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


async def test_a_generated_name_is_not_known_to_mutating_webhooks(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        await client.create(MUTATING, configuration(webhook(hook.client(), "first.example.com")))
        await client.create(VALIDATING, configuration(webhook(hook.client(), "last.example.com")))

        made = await client.create(CONFIG_MAPS, {"metadata": {"generateName": "g-"}}, "default")

        first, last = hook.asked
        assert "name" not in first
        assert last["name"] == last["object"]["metadata"]["name"] == made["metadata"]["name"]


DENIALS: dict[str, tuple[Object, int, str]] = {
    "message": (
        {"allowed": False, "status": {"message": "not today", "code": 403, "reason": "Forbidden"}},
        403,
        'admission webhook "x.example.com" denied the request: not today',
    ),
    "reason": (
        {"allowed": False, "status": {"reason": "BecauseOfThat"}},
        400,
        'admission webhook "x.example.com" denied the request: BecauseOfThat',
    ),
    "nothing": (
        {"allowed": False},
        400,
        'admission webhook "x.example.com" denied the request without explanation',
    ),
    "a code that is no failure": (
        {"allowed": False, "status": {"code": 200, "message": "m"}},
        400,
        'admission webhook "x.example.com" denied the request: m',
    ),
}


@pytest.mark.parametrize("name", DENIALS)
@pytest.mark.parametrize("kind", [MUTATING, VALIDATING], ids=["mutating", "validating"])
async def test_a_refusal_is_told_as_the_webhook_says(tmp_path: Path, name: str, kind: Resource) -> None:
    response, code, message = DENIALS[name]

    async def deny(_review: Object) -> Object:
        return response

    async with cluster(tmp_path, deny) as (server, hook):
        client = server.client()
        await client.create(kind, configuration(webhook(hook.client())))

        with pytest.raises(ApiError) as raised:
            await client.create(CONFIG_MAPS, CONFIG_MAP, "default")

        assert (raised.value.code, raised.value.message) == (code, message)


FAILURES: dict[str, tuple[Callable[[WebhookServer], Object], str]] = {
    "nobody listens": (
        lambda _hook: webhook({"url": "https://127.0.0.1:9/a"}),
        '127.0.0.1:9/a?timeout=10s": dial tcp 127.0.0.1:9: connect: connection refused',
    ),
    "an authority that is not trusted": (
        lambda hook: webhook({"url": hook.client()["url"]}),
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    ),
    "a Service that is not there": (
        lambda hook: webhook(
            {"service": {"name": "hook", "namespace": "hooks", "path": "/v"}, "caBundle": hook.bundle}
        ),
        'failed to call webhook: Post "https://hook.hooks.svc:443/v?timeout=10s": service "hook" not found',
    ),
    "too slow": (
        lambda hook: webhook(hook.client("/slow"), timeoutSeconds=1),
        "context deadline exceeded",
    ),
}
ANSWERS: dict[str, tuple[Any, str]] = {
    "another uid": (
        {"uid": "u", "allowed": True},
        'received invalid webhook response: expected response.uid="',
    ),
    "a patch without its type": (
        {"allowed": True, "patch": "W10="},
        "webhook returned response.patch but not response.patchType",
    ),
    "404": (web.Response(status=404), "the server could not find the requested resource"),
    "500": (
        web.Response(status=500, text="oh no"),
        'an error on the server ("oh no") has prevented the request from succeeding',
    ),
    "no JSON": (web.Response(text="hello"), "json parse error"),
}


async def respond(review: Object) -> Any:
    """Answers by the path that the review asks for."""
    name = review["object"]["data"].get("answer")
    if review["object"]["data"].get("slow"):
        await asyncio.sleep(30)
    return ANSWERS[name][0] if name else {"allowed": True}


@pytest.mark.parametrize("name", FAILURES)
async def test_a_webhook_that_cannot_be_asked_fails_the_write_or_is_passed_over(
    tmp_path: Path, name: str
) -> None:
    make, message = FAILURES[name]
    async with cluster(tmp_path, respond) as (server, hook):
        client = server.client()
        await client.create(MUTATING, configuration(make(hook)))
        body = CONFIG_MAP | {"data": {"slow": "1"} if name == "too slow" else {}}

        with pytest.raises(InternalError) as raised:
            await client.create(CONFIG_MAPS, body, "default")
        assert raised.value.message.startswith(
            'Internal error occurred: failed calling webhook "x.example.com": '
        )
        assert message in raised.value.message

        ignoring = configuration(make(hook) | {"failurePolicy": "Ignore"})
        await client.patch(MUTATING, "hooks", {"webhooks": ignoring["webhooks"]})
        await client.create(CONFIG_MAPS, body, "default")


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_makes_no_sense_is_a_failure(tmp_path: Path, name: str) -> None:
    async with cluster(tmp_path, respond) as (server, hook):
        client = server.client()
        await client.create(VALIDATING if name == "404" else MUTATING, configuration(webhook(hook.client())))

        with pytest.raises(InternalError) as raised:
            await client.create(CONFIG_MAPS, CONFIG_MAP | {"data": {"answer": name}}, "default")

        assert ANSWERS[name][1] in raised.value.message


async def test_a_webhook_behind_a_service_is_asked_at_its_endpoints(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        await client.create(NAMESPACES, {"metadata": {"name": "hooks"}})
        ports = {"ports": [{"name": "https", "port": 443, "targetPort": hook.port}]}
        await client.create(SERVICES, {"metadata": {"name": "hook"}, "spec": ports}, "hooks")
        part = {
            "metadata": {"name": "hook-1", "labels": {"kubernetes.io/service-name": "hook"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "port": hook.port, "protocol": "TCP"}],
        }
        service = {"name": "hook", "namespace": "hooks", "path": "/check"}
        config = webhook({"service": service, "caBundle": hook.bundle})
        await client.create(VALIDATING, configuration(config))

        with pytest.raises(InternalError, match='no endpoints available for service "hook"'):
            await client.create(CONFIG_MAPS, CONFIG_MAP, "default")
        await client.create(ENDPOINT_SLICES, part, "hooks")
        for number in range(3):
            await client.create(CONFIG_MAPS, {"metadata": {"name": f"c{number}"}}, "default")

        assert [asked["path"] for asked in hook.asked] == ["/check?timeout=10s"] * 3
        assert len(hook.connections) == 1


async def test_update_and_delete_are_asked_about_with_the_old_object(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        await client.create(CONFIG_MAPS, CONFIG_MAP, "default")
        await client.create(VALIDATING, configuration(webhook(hook.client())))

        await client.patch(CONFIG_MAPS, "c", {"data": {"a": "2"}}, "default")
        await client.delete(CONFIG_MAPS, "c", "default", grace_period_seconds=0)

        update, delete = hook.asked
        assert update["operation"] == "UPDATE"
        assert (update["oldObject"]["data"], update["object"]["data"]) == ({"a": "1"}, {"a": "2"})
        assert delete["operation"] == "DELETE"
        assert delete["object"] is None
        assert delete["oldObject"]["data"] == {"a": "2"}
        assert delete["options"] == {
            "kind": "DeleteOptions",
            "apiVersion": "meta.k8s.io/v1",
            "gracePeriodSeconds": 0,
        }


async def test_subresources_are_seen_as_what_they_are(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "i"}]}}
        spec = {"selector": {"matchLabels": {"a": "b"}}, "template": pod}
        await client.create(DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": spec}, "default")
        await client.create(PODS, pod | {"metadata": {"name": "p"}}, "default")
        rules = covering("deployments/scale", "pods/binding", "pods/eviction", "deployments/status")
        await client.create(VALIDATING, configuration(webhook(hook.client(), rules=rules)))

        await client.patch(DEPLOYMENTS, "d", {"spec": {"replicas": 3}}, "default", subresource="scale")
        await client.patch(DEPLOYMENTS, "d", {"status": {"replicas": 3}}, "default", subresource="status")
        binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
        await client.create(PODS, binding, "default", name="p", subresource="binding")
        await client.create(PODS, {"metadata": {"name": "p"}}, "default", name="p", subresource="eviction")

        seen = [(a["operation"], a["kind"]["kind"], a["subResource"]) for a in hook.asked]
        assert seen == [
            ("UPDATE", "Scale", "scale"),
            ("UPDATE", "Deployment", "status"),
            ("CREATE", "Binding", "binding"),
            ("CREATE", "Eviction", "eviction"),
        ]
        assert hook.asked[0]["object"]["spec"] == {"replicas": 3}
        assert hook.asked[0]["oldObject"]["spec"] == {"replicas": 1}


async def test_selectors_say_what_a_webhook_sees(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        for name, labels in (("in", {"watched": "yes"}), ("out", {})):
            await client.create(NAMESPACES, {"metadata": {"name": name, "labels": labels}})
        config = webhook(
            hook.client(),
            namespaceSelector={"matchLabels": {"watched": "yes"}},
            objectSelector={"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]},
        )
        await client.create(VALIDATING, configuration(config))

        await client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "out")
        await client.create(CONFIG_MAPS, {"metadata": {"name": "b"}}, "in")
        await client.create(CONFIG_MAPS, {"metadata": {"name": "c", "labels": {"skip": "1"}}}, "in")

        assert [asked["name"] for asked in hook.asked] == ["b"]


async def test_a_webhook_never_sees_webhooks(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        await client.create(VALIDATING, configuration(webhook(hook.client(), rules=covering("*/*"))))
        await client.patch(VALIDATING, "hooks", {"metadata": {"labels": {"a": "b"}}})
        await client.delete(VALIDATING, "hooks")

        assert hook.asked == []


async def test_webhooks_are_asked_again_when_others_changed_the_object(tmp_path: Path) -> None:
    order: list[str] = []

    async def change(review: Object) -> Object:
        data = review["object"]["data"]
        order.append(",".join(sorted(data)))
        if "b" in data:
            return {"allowed": True}
        if "seen" in data:
            return patch({"op": "add", "path": "/data/b", "value": "1"})
        return patch({"op": "add", "path": "/data/seen", "value": "1"})

    async with cluster(tmp_path, change) as (server, hook):
        client = server.client()
        first = webhook(hook.client("/1"), "one.example.com", reinvocationPolicy="IfNeeded")
        second = webhook(hook.client("/2"), "two.example.com", reinvocationPolicy="IfNeeded")
        await client.create(MUTATING, configuration(first, second))

        await client.create(CONFIG_MAPS, CONFIG_MAP, "default")

        # The second sees its own change last, so only the first is asked again.
        assert [asked["path"][:2] for asked in hook.asked] == ["/1", "/2", "/1"]
        assert order == ["a", "a,seen", "a,b,seen"]


async def test_validating_webhooks_are_asked_at_the_same_time(tmp_path: Path) -> None:
    together = asyncio.Barrier(2)

    async def meet(_review: Object) -> Object:
        await together.wait()
        return {"allowed": True}

    async with cluster(tmp_path, meet) as (server, hook):
        client = server.client()
        hooks = [webhook(hook.client(), f"{name}.example.com") for name in ("one", "two")]
        await client.create(VALIDATING, configuration(*hooks))

        async with asyncio.timeout(5):
            await client.create(CONFIG_MAPS, CONFIG_MAP, "default")

        assert len(hook.asked) == 2


async def test_a_patch_that_does_not_fit_is_an_internal_error(tmp_path: Path) -> None:
    async def remove(_review: Object) -> Object:
        return patch({"op": "remove", "path": "/spec/nothing"})

    async with cluster(tmp_path, remove) as (server, hook):
        client = server.client()
        await client.create(MUTATING, configuration(webhook(hook.client())))

        with pytest.raises(InternalError, match="Internal error occurred"):
            await client.create(CONFIG_MAPS, CONFIG_MAP, "default")
        with pytest.raises(BadRequest):
            await client.create(CONFIG_MAPS, {"data": 7}, "default")


async def test_match_conditions_say_which_writes_a_webhook_is_asked_about(tmp_path: Path) -> None:
    async with cluster(tmp_path, allow) as (server, hook):
        client = server.client()
        condition = {"name": "own", "expression": "object.data.a == '1' && request.operation == 'CREATE'"}
        await client.create(VALIDATING, configuration(webhook(hook.client(), matchConditions=[condition])))

        await client.create(CONFIG_MAPS, {"metadata": {"name": "d"}, "data": {"a": "2"}}, "default")
        assert hook.asked == []
        await client.create(CONFIG_MAPS, CONFIG_MAP, "default")
        assert len(hook.asked) == 1
        with pytest.raises(ApiError, match="resulted in error: no such key: data"):
            await client.create(CONFIG_MAPS, {"metadata": {"name": "e"}}, "default")
