"""The scale subresource: a Scale is a view of a workload's replicas."""

from __future__ import annotations

from typing import Any

import pytest

MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
WEB = f"{DEPLOYMENTS}/web/scale"


def workload(kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    selector = labels if kind == "ReplicationController" else {"matchLabels": labels}
    return {"metadata": {"name": "web"}, "spec": {"selector": selector, "template": template, **spec}}


async def test_a_scale_shows_the_replicas_and_the_selector(http: Any) -> None:
    made = (await http("POST", DEPLOYMENTS, workload(replicas=3))).body
    await http("PATCH", f"{DEPLOYMENTS}/web/status", {"status": {"replicas": 2}}, kind=MERGE)

    scale = (await http("GET", WEB)).body

    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["metadata"]["uid"] == made["metadata"]["uid"]
    assert scale["spec"] == {"replicas": 3}
    assert scale["status"] == {"replicas": 2, "selector": "app=web"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/apis/apps/v1/namespaces/default/deployments", "Deployment"),
        ("/apis/apps/v1/namespaces/default/replicasets", "ReplicaSet"),
        ("/apis/apps/v1/namespaces/default/statefulsets", "StatefulSet"),
        ("/api/v1/namespaces/default/replicationcontrollers", "ReplicationController"),
    ],
)
async def test_scaling_changes_the_workload(http: Any, path: str, kind: str) -> None:
    await http("POST", path, workload(kind, replicas=1))

    scale = await http("PATCH", f"{path}/web/scale", {"spec": {"replicas": 4}}, kind=MERGE)
    after = (await http("GET", f"{path}/web")).body

    assert (scale.status, scale.body["kind"], scale.body["spec"]) == (200, "Scale", {"replicas": 4})
    assert scale.body["status"]["selector"] == "app=web"
    assert after["spec"]["replicas"] == 4
    assert after["metadata"]["generation"] == 2


async def test_a_replaced_scale_must_be_fresh(http: Any) -> None:
    await http("POST", DEPLOYMENTS, workload(replicas=1))
    scale = (await http("GET", WEB)).body

    first = await http("PUT", WEB, {**scale, "spec": {"replicas": 2}})
    second = await http("PUT", WEB, {**scale, "spec": {"replicas": 3}})
    other = await http("PUT", WEB, {**scale, "metadata": {"name": "web", "uid": "x"}})

    assert (first.status, second.status, other.status) == (200, 409, 409)
    assert (await http("GET", f"{DEPLOYMENTS}/web")).body["spec"]["replicas"] == 2


async def test_a_scale_can_be_applied(http: Any) -> None:
    await http("POST", DEPLOYMENTS, workload(replicas=1))
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}}

    path = f"{WEB}?fieldManager=scaler"
    refused = await http("PATCH", path, {**scale, "spec": {"replicas": 5}}, kind=APPLY)
    forced = await http("PATCH", f"{path}&force=true", {**scale, "spec": {"replicas": 5}}, kind=APPLY)
    owners = (await http("GET", f"{DEPLOYMENTS}/web")).body["metadata"]["managedFields"]

    assert (refused.status, forced.status) == (409, 200)
    assert forced.body["spec"] == {"replicas": 5}
    assert [o["fieldsV1"] for o in owners if o.get("subresource") == "scale"] == [
        {"f:spec": {"f:replicas": {}}}
    ]


async def test_what_has_no_scale_is_not_found(http: Any) -> None:
    assert (await http("GET", WEB)).status == 404
    assert (await http("PATCH", WEB, {"spec": {"replicas": 1}}, kind=MERGE)).status == 404
