"""HorizontalPodAutoscalers in the version that is not stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proa.cluster.apiserver.versions import autoscaling_v1

V1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
V2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
TARGET = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}
QUEUE = {
    "type": "External",
    "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}},
}


def old(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5} | spec}


async def test_one_object_in_two_versions(http: Any) -> None:
    made = await http("POST", V1, old(targetCPUUtilizationPercentage=50))
    assert (made.status, made.body["apiVersion"]) == (201, "autoscaling/v1")
    new = (await http("GET", f"{V2}/web")).body
    assert (new["apiVersion"], new["spec"]["metrics"], new["spec"]["minReplicas"]) == (
        "autoscaling/v2",
        [CPU],
        1,
    )
    assert new["metadata"]["uid"] == made.body["metadata"]["uid"]
    merge = "application/merge-patch+json"
    changed = await http("PATCH", f"{V2}/web", {"spec": {"metrics": [CPU, QUEUE]}}, kind=merge)
    assert changed.status == 200
    shown = (await http("GET", V1)).body
    (item,) = shown["items"]
    assert (shown["apiVersion"], item["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 50)
    assert json.loads(item["metadata"]["annotations"]["autoscaling.alpha.kubernetes.io/metrics"]) == [
        {"type": "External", "external": {"metricName": "queue", "targetAverageValue": "30"}}
    ]
    patched = await http("PATCH", f"{V1}/web", {"spec": {"maxReplicas": 9}}, kind=merge)
    assert (patched.status, patched.body["spec"]["maxReplicas"]) == (200, 9)
    again = (await http("GET", f"{V2}/web")).body
    assert again["spec"]["metrics"] == [QUEUE, CPU]
    assert "annotations" not in again["metadata"]
    (event,) = await http.lines(f"{V1}?watch=1&resourceVersion=0", 1)
    assert event["object"]["apiVersion"] == "autoscaling/v1"


async def test_rules_of_the_stored_version_hold(http: Any) -> None:
    answer = await http("POST", V1, old(maxReplicas=1, minReplicas=2))
    assert answer.status == 422
    assert (
        "spec.maxReplicas: Invalid value: 1: must be greater than or equal to `minReplicas`"
        in (answer.body["message"])
    )


async def test_both_print_the_same(http: Any) -> None:
    await http("POST", V1, old(targetCPUUtilizationPercentage=50))
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    for path in (V1, V2):
        row = (await http("GET", path, Accept=table)).body["rows"][0]["cells"]
        assert [str(cell) for cell in row[:6]] == [
            "web", "Deployment/web", "cpu: <unknown>/50%", "1", "5", "0"
        ]  # fmt: skip


@pytest.mark.parametrize("with_behavior", [False, True])
def test_nothing_is_lost_on_the_way_there_and_back(with_behavior: bool) -> None:
    described = {"kind": "Ingress", "name": "i", "apiVersion": "networking.k8s.io/v1"}
    metrics = [
        {
            "type": "Pods",
            "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "1"}},
        },
        {
            "type": "Object",
            "object": {
                "describedObject": described,
                "metric": {"name": "m", "selector": {"matchLabels": {"a": "b"}}},
                "target": {"type": "Value", "value": "2"},
            },
        },
        QUEUE,
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "memory",
                "container": "c",
                "target": {"type": "AverageValue", "averageValue": "1Gi"},
            },
        },
        CPU,
    ]
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [policy]}}
    new = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "annotations": {"a": "b"}},
        "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5, "metrics": metrics}
        | ({"behavior": behavior} if with_behavior else {}),
        "status": {
            "currentReplicas": 2,
            "desiredReplicas": 3,
            "currentMetrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "current": {"averageValue": "5m", "averageUtilization": 10},
                    },
                }
            ],
            "conditions": [{"type": "AbleToScale", "status": "True"}],
        },
    }
    shown = autoscaling_v1.show(new)
    assert shown["status"]["currentCPUUtilizationPercentage"] == 10
    assert autoscaling_v1.store(shown) == new
