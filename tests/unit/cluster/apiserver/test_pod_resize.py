"""pods/resize: what a running pod may use, and nothing else of it."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver.server import ApiServer
from proa.errors import Invalid
from proa.kube import PODS, Object, PatchType

APPLY = "application/apply-patch+yaml"


def pod(**more: Any) -> Object:
    resources = {"requests": {"cpu": "100m", "memory": "50Mi"}, "limits": {"cpu": "200m"}}
    first = {"name": "c", "image": "i", "resources": resources}
    return {
        "metadata": {"name": "p"},
        "spec": {"containers": [first, {"name": "d", "image": "i"}]} | more,
    }


def resources(name: str = "c", **parts: Object) -> Object:
    return {"spec": {"containers": [{"name": name, "resources": parts}]}}


async def resized(server: ApiServer, patch: Object) -> Object:
    """The pod as a resize by this patch leaves it."""
    client, kind = server.client(), PatchType.STRATEGIC
    return await client.patch(PODS, "p", patch, "default", kind=kind, subresource="resize")


async def test_resources_change_and_the_generation_counts_it(server: ApiServer) -> None:
    client = server.client()
    made = await client.create(PODS, pod(), "default")
    patch = resources(requests={"cpu": "150m"}, limits={"cpu": "1"})
    changed = await resized(server, patch)
    found = changed["spec"]["containers"][0]["resources"]
    assert found == {"requests": {"cpu": "150m", "memory": "50Mi"}, "limits": {"cpu": "1"}}
    assert changed["metadata"]["generation"] == made["metadata"]["generation"] + 1


async def test_nothing_else_changes_by_resize(server: ApiServer, http: Any) -> None:
    client = server.client()
    made = await client.create(PODS, pod(), "default")
    patch: Object = {
        "metadata": {"labels": {"new": "label"}},
        "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "other"}]},
        "status": {"phase": "Running"},
    }
    path = "/api/v1/namespaces/default/pods/p/resize?fieldManager=me&force=true"
    applied = await http("PATCH", path, {"apiVersion": "v1", "kind": "Pod"} | patch, kind=APPLY)
    assert applied.status == 200, applied.body
    for changed in (await resized(server, patch), applied.body):
        assert changed["spec"] == made["spec"]
        assert changed["status"] == made["status"]
        assert "labels" not in changed["metadata"]


REFUSALS: dict[str, tuple[Object, str]] = {
    "removed request": (
        resources(requests={"memory": None}),
        r"spec.containers\[0\].resources.requests: Forbidden: resource requests cannot be removed"),
    "request beyond limit": (
        resources(requests={"cpu": "300m"}),
        r'spec.containers\[0\].resources.requests: Invalid value: "300m": must be less than or equal'),
    "other resource": (
        resources(requests={"ephemeral-storage": "1Gi"}),
        "spec: Forbidden: only cpu and memory resources are mutable"),
    "another class": (
        {"spec": {"containers": [
            {"name": n, "resources": {"limits": {"cpu": "1", "memory": "1Gi"},
                                      "requests": {"cpu": "1", "memory": "1Gi"}}} for n in ("c", "d")]}},
        "Pod QOS Class may not change as a result of resizing"),
    "another container": (
        resources("new"), "spec.containers: Forbidden: containers may not be added or removed on resize"),
    "another policy": (
        {"spec": {"containers": [{"name": "c", "resizePolicy": [
            {"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}]}},
        "spec: Forbidden: only cpu and memory resources are mutable"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
async def test_refusals_say_why(server: ApiServer, case: str) -> None:
    patch, message = REFUSALS[case]
    client = server.client()
    await client.create(PODS, pod(), "default")
    with pytest.raises(Invalid, match=message):
        await resized(server, patch)


async def test_static_pods_keep_their_size(server: ApiServer) -> None:
    client = server.client()
    mirror = pod(nodeName="n")
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    await client.create(PODS, mirror, "default")
    with pytest.raises(Invalid, match="static pods cannot be resized"):
        await resized(server, resources(limits={"cpu": "1"}))
