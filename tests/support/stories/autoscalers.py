"""Autoscalers with metrics, which are custom resources of the group that the metrics API has."""

from __future__ import annotations

from typing import Any

from proa.cluster.controllers.workload_kinds import DEPLOYMENTS
from proa.errors import AlreadyExists
from proa.kube import PODS, Object, Resource, now
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS
from support.server import eventually
from support.stories import Story, settled, told
from support.workloads import Workloads, template, workload

ARGUMENTS = (
    "horizontal-pod-autoscaler-sync-period=100ms",
    "horizontal-pod-autoscaler-downscale-stabilization=0s",
)
AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")
_ASKED = {"requests": {"cpu": "100m", "memory": "100Mi"}}
_LONG_AGO = "2026-01-01T00:00:00Z"


async def serve_metrics(world: Workloads) -> None:
    """The API by which autoscalers ask what pods use."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    metadata = {
        "name": "pods.metrics.k8s.io",
        "annotations": {"api-approved.kubernetes.io": "unapproved, made for tests"},
    }
    names = {"plural": "pods", "singular": "podmetrics", "kind": "PodMetrics", "listKind": "PodMetricsList"}
    spec = {"group": "metrics.k8s.io", "scope": "Namespaced", "names": names, "versions": [version]}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }
    try:
        await world.client.create(CUSTOM_RESOURCE_DEFINITIONS, definition)
    except AlreadyExists:
        return

    async def served() -> bool:
        found = await world.client.get(CUSTOM_RESOURCE_DEFINITIONS, "pods.metrics.k8s.io")
        conditions = (found.get("status") or {}).get("conditions") or ()
        return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)

    await eventually(served, "the metrics API")


async def measure(world: Workloads, cpu: str, memory: str = "10Mi", most: int = 99, **others: str) -> None:
    """So much is used by the container of each of the first pods, and by other containers."""
    usage = {"c": {"cpu": cpu, "memory": memory}} | {
        n: {"cpu": v, "memory": "1Mi"} for n, v in others.items()
    }
    for old in (await world.client.list(_METRICS, "default"))["items"]:
        await world.client.delete(_METRICS, old["metadata"]["name"], "default")
    for pod in (await world.all(PODS))[:most]:
        made = {
            "apiVersion": "metrics.k8s.io/v1beta1",
            "kind": "PodMetrics",
            "metadata": {"name": pod["metadata"]["name"], "labels": pod["metadata"]["labels"]},
            "timestamp": now(),
            "window": "15s",
            "containers": [{"name": name, "usage": used} for name, used in usage.items()],
        }
        await world.client.create(_METRICS, made, "default")


async def run(world: Workloads, replicas: int, **more: Any) -> None:
    """Pods that have been ready for long."""
    containers = [{"name": "c", "image": "web", "resources": _ASKED}, *more.pop("containers", ())]
    one = template(containers=containers, **more)
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=replicas, template=one))
    await old_pods(world, replicas)


async def old_pods(world: Workloads, count: int, *, ready: bool = True) -> None:
    for pod in await world.pods(count):
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": _LONG_AGO}
        status = {"phase": "Running", "startTime": _LONG_AGO, "conditions": [condition]}
        await world.patch(PODS, {"status": status}, pod["metadata"]["name"], "status")


def resource(name: str, **target: Any) -> Object:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def percent(number: int, name: str = "cpu") -> Object:
    return resource(name, type="Utilization", averageUtilization=number)


async def scale(world: Workloads, *metrics: Object, most: int = 10, **spec: Any) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    whole = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": most, "metrics": list(metrics)} | spec
    await world.create(AUTOSCALERS, {"metadata": {"name": "web"}, "spec": whole})


async def ended(world: Workloads) -> Any:
    """How many pods are wanted in the end, the status, and what was said."""

    async def look(world: Workloads) -> Any:
        status = dict((await world.get(AUTOSCALERS)).get("status") or {})
        status["conditions"] = sorted(status.get("conditions") or (), key=lambda each: str(each["type"]))
        return (await world.get(DEPLOYMENTS))["spec"]["replicas"], status

    async def looked_at() -> bool:
        conditions = (await look(world))[1]["conditions"]
        return any(c["type"] == "ScalingActive" for c in conditions)

    await eventually(looked_at, "a look at the metrics")
    return *await settled(world, look), await told(world, "HorizontalPodAutoscaler")


async def busy_pods(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 2)
    await measure(world, "90m")
    await scale(world, percent(60))
    return await ended(world)


async def idle_pods(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 5)
    await measure(world, "20m")
    await scale(world, percent(50))
    return await ended(world)


async def as_busy_as_they_may_be(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 3)
    await measure(world, "54m")
    await scale(world, percent(50))
    return await ended(world)


async def busier_than_the_most_allow(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 3)
    await measure(world, "300m")
    await scale(world, percent(50), most=4)
    return await ended(world)


async def by_average_value_of_memory(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 2)
    await measure(world, "1m", "150Mi")
    await scale(world, resource("memory", type="AverageValue", averageValue="100Mi"))
    return await ended(world)


async def the_larger_of_two(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 2)
    await measure(world, "60m", "190Mi")
    await scale(world, percent(60), percent(80, "memory"))
    return await ended(world)


async def of_one_container(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 2, containers=[{"name": "beside", "image": "web"}])
    await measure(world, "90m", beside="900m")
    target = {"type": "Utilization", "averageUtilization": 60}
    one = {"name": "cpu", "container": "c", "target": target}
    await scale(world, {"type": "ContainerResource", "containerResource": one})
    return await ended(world)


async def pods_without_requests(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 1, containers=[{"name": "beside", "image": "web"}])
    await measure(world, "90m", beside="10m")
    await scale(world, percent(60))
    return await ended(world)


async def some_pods_are_not_measured(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 4)
    await measure(world, "120m", most=2)
    await scale(world, percent(60))
    return await ended(world)


async def some_pods_are_not_ready(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 3)
    await measure(world, "90m")
    condition = {"type": "Ready", "status": "False", "lastTransitionTime": _LONG_AGO}
    name = (await world.all(PODS))[0]["metadata"]["name"]
    await world.patch(PODS, {"status": {"startTime": now(), "conditions": [condition]}}, name, "status")
    await scale(world, percent(60))
    return await ended(world)


async def it_may_not_shrink(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 5)
    await measure(world, "1m")
    await scale(world, percent(50), behavior={"scaleDown": {"selectPolicy": "Disabled"}})
    return await ended(world)


async def it_shrinks_pod_by_pod(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 5)
    await measure(world, "1m")
    policies = [{"type": "Pods", "value": 1, "periodSeconds": 1000}]
    down = {"stabilizationWindowSeconds": 0, "policies": policies}
    await scale(world, percent(50), behavior={"scaleDown": down})
    return await ended(world)


async def it_grows_by_a_percentage(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 4)
    await measure(world, "300m")
    policies = [{"type": "Percent", "value": 50, "periodSeconds": 1000}]
    await scale(world, percent(50), most=40, behavior={"scaleUp": {"policies": policies}})
    return await ended(world)


async def with_a_wide_tolerance(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 3)
    await measure(world, "80m")
    await scale(world, percent(60), behavior={"scaleUp": {"tolerance": "400m"}})
    return await ended(world)


async def scaled_to_nothing_by_hand(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 1)
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 0}})
    await scale(world, percent(60))
    return await ended(world)


async def without_custom_metrics(world: Workloads) -> Any:
    await serve_metrics(world)
    await run(world, 1)
    metric = {"metric": {"name": "requests"}, "target": {"type": "AverageValue", "averageValue": "10"}}
    await scale(world, {"type": "Pods", "pods": metric})
    return await ended(world)


STORIES: tuple[Story, ...] = (
    busy_pods,
    idle_pods,
    as_busy_as_they_may_be,
    busier_than_the_most_allow,
    by_average_value_of_memory,
    the_larger_of_two,
    of_one_container,
    pods_without_requests,
    some_pods_are_not_measured,
    some_pods_are_not_ready,
    it_may_not_shrink,
    it_shrinks_pod_by_pod,
    it_grows_by_a_percentage,
    with_a_wide_tolerance,
    scaled_to_nothing_by_hand,
    without_custom_metrics,
)
