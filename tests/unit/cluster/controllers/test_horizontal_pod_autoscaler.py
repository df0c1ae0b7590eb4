"""HorizontalPodAutoscalers on a real API server, with metrics that a test makes up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers import horizontal_pod_autoscaler
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.horizontal_pod_autoscaler import AUTOSCALERS
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS
from proa.errors import ServiceUnavailable
from proa.kube import EVENTS, PODS, SERVICE_ACCOUNTS, Client, Manager, Object, Resource, now
from proa.kube.meta import condition_is_true, find_condition
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS
from support.server import api_server, eventually, running
from support.workloads import template, workload

RESOURCES = {"requests": {"cpu": "100m"}}


class Metrics:
    """What the metrics APIs answer, by the end of the path; nothing is served otherwise."""

    def __init__(self) -> None:
        self.answers: dict[str, Object] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def read(self, path: str, query: Mapping[str, str]) -> Object:
        self.asked.append((path, query))
        if path not in self.answers:
            raise ServiceUnavailable("the server is currently unable to handle the request")
        return self.answers[path]

    def pods(self, *milli: int) -> None:
        """Each pod's use of the processor."""
        self.answers["/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"] = {
            "items": [
                {
                    "metadata": {"name": f"web-{n}"},
                    "timestamp": now(),
                    "window": "15s",
                    "containers": [{"name": "c", "usage": {"cpu": f"{use}m"}}],
                }
                for n, use in enumerate(milli)
            ]
        }


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(tmp_path: Path, metrics: Metrics) -> AsyncIterator[Client]:
    config = ControllersConfig(read_metrics=metrics.read)

    def setup(manager: Manager) -> None:
        horizontal_pod_autoscaler.setup(manager, config)

    async with api_server(tmp_path) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        await make_workload(client, 2)
        async with running(client, setup):
            yield client


async def make_workload(client: Client, replicas: int) -> None:
    """A Deployment with pods that have been ready for long."""
    spec = template()
    spec["spec"]["containers"][0]["resources"] = RESOURCES
    await client.create(DEPLOYMENTS, workload("Deployment", replicas=replicas, template=spec))
    deployment = await client.get(DEPLOYMENTS, "web", "default")
    status = {"status": {"replicas": replicas}}
    await client.patch(DEPLOYMENTS, "web", status, "default", subresource="status")
    assert deployment["spec"]["replicas"] == replicas
    for n in range(replicas):
        pod = {"metadata": {"name": f"web-{n}", "labels": {"app": "web"}}, "spec": spec["spec"]}
        await client.create(PODS, pod, "default")
        long_ago = "2020-01-01T00:00:00Z"
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": long_ago}
        running_status = {"phase": "Running", "startTime": long_ago, "conditions": [ready]}
        await client.patch(PODS, f"web-{n}", {"status": running_status}, "default", subresource="status")


def autoscaler(*metrics: Object, target: str = "web", **spec: Any) -> Object:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    more = {"metrics": list(metrics)} if metrics else {}
    fields = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 10} | more | spec
    return {"metadata": {"name": "web"}, "spec": fields}


async def condition(client: Client, kind: str, reason: str) -> Object:
    """The condition, once it has that reason."""

    async def look() -> Object | None:
        found = find_condition(await client.get(AUTOSCALERS, "web", "default"), kind)
        return found if found and found["reason"] == reason else None

    result: Object = await eventually(look, f"{kind} {reason}")
    return result


async def events(client: Client, reason: str) -> list[str]:
    """Messages of the events with that reason, once there are any."""

    async def look() -> list[str]:
        items = (await client.list(EVENTS, "default"))["items"]
        return [event["message"] for event in items if event["reason"] == reason]

    found: list[str] = await eventually(look, reason)
    return found


async def replicas(client: Client) -> int:
    return int((await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"])


async def test_it_scales_and_says_so(client: Client, metrics: Metrics) -> None:
    metrics.pods(150, 170)
    await client.create(AUTOSCALERS, autoscaler(), "default")
    told = await condition(client, "AbleToScale", "SucceededRescale")
    assert told["message"] == "the HPA controller was able to update the target scale to 4"
    assert await replicas(client) == 4
    why = "cpu resource utilization (percentage of request) above target"
    assert await events(client, "SuccessfulRescale") == [f"New size: 4; reason: {why}"]
    status = (await client.get(AUTOSCALERS, "web", "default"))["status"]
    assert (status["currentReplicas"], status["desiredReplicas"], status["observedGeneration"]) == (2, 4, 1)
    current = {"averageUtilization": 160, "averageValue": "160m"}
    assert status["currentMetrics"] == [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
    assert (await condition(client, "ScalingActive", "ValidMetricFound"))["status"] == "True"
    assert (await condition(client, "ScalingLimited", "DesiredWithinRange"))["status"] == "False"
    assert metrics.asked[0][1] == {"labelSelector": "app=web"}


async def test_without_metrics_it_says_why(client: Client) -> None:
    await client.create(AUTOSCALERS, autoscaler(), "default")
    told = await condition(client, "ScalingActive", "FailedGetResourceMetric")
    assert told["message"] == (
        "the HPA was unable to compute the replica count: failed to get cpu utilization: "
        "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: "
        "the server is currently unable to handle the request (get pods.metrics.k8s.io)"
    )
    assert len(await events(client, "FailedComputeMetricsReplicas")) == 1
    assert await replicas(client) == 2


async def test_other_metrics_come_from_their_apis(client: Client, metrics: Metrics) -> None:
    path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue"
    metrics.answers[path] = {"items": [{"value": "60"}, {"value": "30"}]}
    selector = {"matchLabels": {"name": "orders"}}
    queue = {
        "type": "External",
        "external": {
            "metric": {"name": "queue", "selector": selector},
            "target": {"type": "AverageValue", "averageValue": "30"},
        },
    }
    per_pod = {
        "type": "Pods",
        "pods": {"metric": {"name": "rate"}, "target": {"type": "AverageValue", "averageValue": "1"}},
    }
    await client.create(AUTOSCALERS, autoscaler(queue, per_pod), "default")
    await condition(client, "AbleToScale", "SucceededRescale")
    assert await replicas(client) == 3
    assert metrics.asked[0] == (path, {"labelSelector": "name=orders"})
    assert metrics.asked[1][0] == "/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/pods/*/rate"
    assert "custom metrics API" in (await events(client, "FailedGetPodsMetric"))[0]


async def test_bounds_come_before_metrics(client: Client) -> None:
    await client.create(AUTOSCALERS, autoscaler(minReplicas=3), "default")
    await condition(client, "AbleToScale", "SucceededRescale")
    why = "New size: 3; reason: Current number of replicas below Spec.MinReplicas"
    assert (await replicas(client), await events(client, "SuccessfulRescale")) == (3, [why])


async def test_a_target_that_is_not_there(client: Client) -> None:
    await client.create(AUTOSCALERS, autoscaler(target="none"), "default")
    told = await condition(client, "AbleToScale", "FailedGetScale")
    assert told["message"].endswith('deployments.apps "none" not found')


async def test_a_workload_at_zero_is_left_alone(client: Client, metrics: Metrics) -> None:
    metrics.pods(150, 170)
    await client.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 0}}, "default")
    await client.create(AUTOSCALERS, autoscaler(), "default")
    await condition(client, "ScalingActive", "ScalingDisabled")
    assert await replicas(client) == 0


FLEETS = Resource("example.com", "v1", "fleets", "Fleet")


def fleet_definition() -> Object:
    """A kind with /scale, whose replicas and selector have names of their own."""
    count, text = {"type": "integer"}, {"type": "string"}
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": count}},
            "status": {"type": "object", "properties": {"seen": count, "labels": text}},
        },
    }
    scale = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.seen",
        "labelSelectorPath": ".status.labels",
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": scale},
    }
    names = {"plural": "fleets", "kind": "Fleet"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "fleets.example.com"}, "spec": spec}


async def test_a_custom_resource_is_scaled_by_its_scale(client: Client, metrics: Metrics) -> None:
    metrics.pods(150, 170)
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, fleet_definition())

    async def established() -> bool:
        found = await client.get(CUSTOM_RESOURCE_DEFINITIONS, "fleets.example.com")
        return condition_is_true(found, "Established")

    await eventually(established)
    fleet = {
        "apiVersion": "example.com/v1",
        "kind": "Fleet",
        "metadata": {"name": "web"},
        "spec": {"size": 2},
    }
    await client.create(FLEETS, fleet, "default")
    seen = {"status": {"seen": 2, "labels": "app=web"}}
    await client.patch(FLEETS, "web", seen, "default", subresource="status")
    reference = {"apiVersion": "example.com/v1", "kind": "Fleet", "name": "web"}

    await client.create(AUTOSCALERS, autoscaler(scaleTargetRef=reference), "default")

    await condition(client, "AbleToScale", "SucceededRescale")
    scaled = await client.get(FLEETS, "web", "default")
    assert scaled["spec"] == {"size": 4}
    owners = {entry["subresource"] for entry in scaled["metadata"]["managedFields"] if "subresource" in entry}
    assert owners == {"status", "scale"}
    assert await replicas(client) == 2
