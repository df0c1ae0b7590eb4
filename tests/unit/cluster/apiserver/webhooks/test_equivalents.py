"""Webhooks that ask for another version of a kind than a request speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer
from proa.kube import Object, Resource
from proa.kube.meta import condition_is_true
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS
from support.server import api_server, eventually
from support.webhook import Answer, WebhookServer, allow, patch, webhook_server

GROUP = "admissionregistration.k8s.io"
MUTATING = Resource(
    GROUP, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", namespaced=False
)
VALIDATING = Resource(
    GROUP, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", namespaced=False
)
AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
WIDGETS = Resource("example.com", "v2", "widgets", "Widget")


def configuration(client: Object, group: str, version: str, plural: str, **more: Any) -> Object:
    rule = {"apiGroups": [group], "apiVersions": [version], "operations": ["*"], "resources": [plural]}
    hook = {
        "name": "x.example.com",
        "clientConfig": client,
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **more,
    }
    return {"metadata": {"name": "hooks"}, "webhooks": [hook]}


def autoscaler() -> Object:
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
    }
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [metric]},
    }


@asynccontextmanager
async def cluster(folder: Path, answer: Answer = allow) -> AsyncIterator[tuple[ApiServer, WebhookServer]]:
    async with webhook_server(folder / "hook", answer) as hook, api_server(folder) as server:
        yield server, hook


async def test_a_webhook_sees_and_changes_the_version_that_its_rule_names(tmp_path: Path) -> None:
    async def halve(_review: Object) -> Object:
        return patch({"op": "replace", "path": "/spec/targetCPUUtilizationPercentage", "value": 30})

    async with cluster(tmp_path, halve) as (server, hook):
        client = server.client()
        condition = {"name": "old", "expression": "object.spec.targetCPUUtilizationPercentage == 60"}
        config = configuration(
            hook.client(), "autoscaling", "v1", "horizontalpodautoscalers", matchConditions=[condition]
        )
        await client.create(MUTATING, config)

        made = await client.create(AUTOSCALERS, autoscaler(), "default")

        assert made["apiVersion"] == "autoscaling/v2"
        assert made["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 30
        (asked,) = hook.asked
        assert asked["kind"]["version"] == asked["resource"]["version"] == "v1"
        assert asked["requestKind"]["version"] == asked["requestResource"]["version"] == "v2"
        assert asked["object"]["apiVersion"] == "autoscaling/v1"
        assert asked["object"]["spec"]["targetCPUUtilizationPercentage"] == 60
        assert "metrics" not in asked["object"]["spec"]


@pytest.mark.parametrize("policy", ["Exact", "Equivalent"])
async def test_only_an_equivalent_policy_sees_other_versions(tmp_path: Path, policy: str) -> None:
    async with cluster(tmp_path) as (server, hook):
        client = server.client()
        config = configuration(
            hook.client(), "autoscaling", "v1", "horizontalpodautoscalers", matchPolicy=policy
        )
        await client.create(VALIDATING, config)

        await client.create(AUTOSCALERS, autoscaler(), "default")
        await client.patch(AUTOSCALERS, "web", {"spec": {"maxReplicas": 4}}, "default")

        versions = [(asked["object"]["apiVersion"], asked["operation"]) for asked in hook.asked]
        seen = [("autoscaling/v1", "CREATE"), ("autoscaling/v1", "UPDATE")]
        assert versions == (seen if policy == "Equivalent" else [])
        if policy == "Equivalent":
            assert hook.asked[1]["oldObject"]["apiVersion"] == "autoscaling/v1"


def definition() -> Object:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    }
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}}
        for name in ("v1", "v2")
    ]
    return {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "widgets", "kind": "Widget"},
            "scope": "Namespaced",
            "versions": versions,
        },
    }


async def test_custom_resources_are_seen_in_the_version_of_the_rule(tmp_path: Path) -> None:
    async def grow(review: Object) -> Object:
        if review["operation"] == "DELETE":
            return {"allowed": True}
        return patch({"op": "replace", "path": "/spec/size", "value": 7})

    async with cluster(tmp_path, grow) as (server, hook):
        client = server.client()
        await client.create(CUSTOM_RESOURCE_DEFINITIONS, definition())

        async def established() -> bool:
            found = await client.get(CUSTOM_RESOURCE_DEFINITIONS, "widgets.example.com")
            return condition_is_true(found, "Established")

        await eventually(established)
        await client.create(MUTATING, configuration(hook.client(), "example.com", "v1", "widgets"))
        widget = {
            "apiVersion": "example.com/v2",
            "kind": "Widget",
            "metadata": {"name": "w", "namespace": "default"},
            "spec": {"size": 1},
        }

        made = await client.create(WIDGETS, widget, "default")
        await client.delete(WIDGETS, "w", "default")

        assert (made["apiVersion"], made["spec"]) == ("example.com/v2", {"size": 7})
        created, deleted = hook.asked
        assert created["object"]["apiVersion"] == "example.com/v1"
        assert created["requestKind"]["version"] == "v2"
        assert deleted["oldObject"]["apiVersion"] == "example.com/v1"
