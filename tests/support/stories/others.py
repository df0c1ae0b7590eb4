"""Budgets, ReplicationControllers, what Services find, accounts, volumes, autoscalers without metrics."""

from __future__ import annotations

from collections import Counter
from typing import Any

from proa.cluster.controllers.service_pods import ZONE
from proa.cluster.controllers.workload_kinds import (
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    REPLICATION_CONTROLLERS,
)
from proa.errors import ApiError, NotFound
from proa.kube import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Object,
    Resource,
)
from support.server import eventually
from support.stories import Story, condition, settled, told
from support.workloads import Workloads, template, workload

AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")


def budget(**spec: Any) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}} | spec,
    }


async def budget_of(world: Workloads) -> Object:
    return dict((await world.get(POD_DISRUPTION_BUDGETS)).get("status") or {})


async def pods(world: Workloads, count: int, **spec: Any) -> None:
    """Pods on a node."""
    await world.add_node("here")
    for number in range(count):
        pod = template(nodeName="here", **spec)
        pod["metadata"] |= {"name": f"p{number:03}"}
        await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)


async def a_budget_of_a_deployment(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=3))
    await world.create(POD_DISRUPTION_BUDGETS, budget(maxUnavailable="34%"))
    await world.roll(DEPLOYMENTS, availableReplicas=3)
    await world.status(POD_DISRUPTION_BUDGETS, disruptionsAllowed=2)
    return await settled(world, budget_of)


async def a_budget_in_percent(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=5))
    await world.create(POD_DISRUPTION_BUDGETS, budget(minAvailable="50%"))
    await world.roll(DEPLOYMENTS, availableReplicas=5)
    return await settled(world, budget_of)


async def a_budget_of_pods_without_an_owner(world: Workloads) -> Any:
    await pods(world, 2)
    await world.run_pods()
    await world.create(POD_DISRUPTION_BUDGETS, budget(minAvailable=1))
    await world.status(POD_DISRUPTION_BUDGETS, disruptionsAllowed=1)
    return await settled(world, budget_of)


async def a_budget_that_owners_do_not_bear(world: Workloads) -> Any:
    await pods(world, 2)
    await world.run_pods()
    await world.create(POD_DISRUPTION_BUDGETS, budget(maxUnavailable=1))
    return await settled(world, budget_of), await told(world, "PodDisruptionBudget")


async def a_budget_of_nothing(world: Workloads) -> Any:
    await world.create(POD_DISRUPTION_BUDGETS, budget(minAvailable=1))
    return await settled(world, budget_of), await told(world, "PodDisruptionBudget")


async def evict(world: Workloads, name: str) -> str:
    try:
        await world.client.create(
            PODS, {"metadata": {"name": name}}, "default", name=name, subresource="eviction"
        )
    except ApiError as refused:
        return f"{refused.code} {refused}"
    return "evicted"


async def unhealthy_pods_may_go(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=2))
    await world.create(POD_DISRUPTION_BUDGETS, budget(minAvailable=2))
    found = await world.pods(2)
    await world.set_phase(found[0], "Running", ready=True)
    await world.set_phase(found[1], "Running")
    await world.status(POD_DISRUPTION_BUDGETS, currentHealthy=1)
    told = [await evict(world, found[1]["metadata"]["name"])]
    await world.patch(POD_DISRUPTION_BUDGETS, {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}})
    await settled(world, budget_of)
    told.append(await evict(world, found[1]["metadata"]["name"]))
    return told


async def a_replication_controller(world: Workloads) -> Any:
    one = workload("ReplicationController", replicas=2) | {"apiVersion": "v1"}
    one["spec"]["selector"] = {"app": "web"}
    await world.create(REPLICATION_CONTROLLERS, one)
    return dict((await world.roll(REPLICATION_CONTROLLERS, availableReplicas=2))["status"])


def service(**spec: Any) -> Object:
    whole = {"selector": {"app": "web"}, "ports": [{"port": 80}]} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": whole}


async def slices(world: Workloads) -> Any:
    """What the Service's slices say, in order, and its Endpoints."""
    found = await world.client.list(
        ENDPOINT_SLICES, "default", label_selector="kubernetes.io/service-name=web"
    )
    told = [
        (
            one["addressType"],
            one["metadata"]["labels"],
            sorted(str({k: v for k, v in e.items() if k != "targetRef"}) for e in one.get("endpoints") or ()),
            sorted(one.get("ports") or (), key=str),
        )
        for one in found["items"]
    ]
    try:
        older = (await world.get(ENDPOINTS)).get("subsets")
    except NotFound:
        return sorted(told, key=str)
    for subset in older or ():
        subset["ports"] = sorted(subset.get("ports") or (), key=str)
        for each in (*subset.get("addresses", ()), *subset.get("notReadyAddresses", ())):
            each.pop("targetRef", None)
    return sorted(told, key=str), sorted(older or (), key=str)


async def run(world: Workloads, *, ready: bool = True) -> None:
    for number, pod in enumerate(await world.all(PODS)):
        ip = f"10.42.{number >> 8}.{(number & 255) + 1}"
        await world.set_phase(pod, "Running", ready=ready, podIP=ip, podIPs=[{"ip": ip}])


async def more_endpoints_than_a_slice_takes(world: Workloads) -> Any:
    await pods(world, 102)
    await run(world)
    await world.create(SERVICES, service())
    await settled(world, slices)
    found = await world.client.list(
        ENDPOINT_SLICES, "default", label_selector="kubernetes.io/service-name=web"
    )
    return sorted(len(one["endpoints"]) for one in found["items"])


async def endpoints_that_are_not_ready(world: Workloads) -> Any:
    await pods(world, 2, hostname="host", subdomain="web")
    await run(world, ready=False)
    await world.create(SERVICES, service(clusterIP="None"))
    hidden = await settled(world, slices)
    await world.patch(SERVICES, {"spec": {"publishNotReadyAddresses": True}})
    return hidden, await settled(world, slices)


async def endpoints_by_named_port(world: Workloads) -> Any:
    await world.add_node("here")
    for number in (1, 2):
        pod = template(nodeName="here")
        pod["metadata"] |= {"name": f"p{number}"}
        pod["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8000 + number}]
        await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
    await run(world)
    ports = [{"name": "a", "port": 80, "targetPort": "http"}, {"name": "b", "port": 81, "protocol": "UDP"}]
    await world.create(SERVICES, service(ports=ports))
    return await settled(world, slices)


async def an_endpoint_that_ends(world: Workloads) -> Any:
    await pods(world, 2, terminationGracePeriodSeconds=60)
    await run(world)
    await world.create(SERVICES, service())
    await settled(world, slices)
    await world.client.delete(PODS, "p000", "default")
    return await settled(world, slices)


async def an_endpoint_of_no_node(world: Workloads) -> Any:
    await pods(world, 1)
    pod = template(nodeName="nowhere")
    pod["metadata"] |= {"name": "lost"}
    await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
    await run(world)
    await world.create(SERVICES, service())
    left_out = await settled(world, slices)
    await world.patch(SERVICES, {"spec": {"publishNotReadyAddresses": True}})
    return left_out, await settled(world, slices)


async def endpoints_that_somebody_wrote(world: Workloads) -> Any:
    await world.create(SERVICES, {**service(), "spec": {"ports": [{"name": "x", "port": 80}]}})
    subsets = [
        {
            "addresses": [{"ip": "192.0.2.1", "hostname": "one"}, {"ip": "2001:db8::1", "nodeName": "n"}],
            "notReadyAddresses": [{"ip": "192.0.2.2"}],
            "ports": [{"name": "x", "port": 8080, "protocol": "TCP"}],
        },
        {"addresses": [{"ip": "192.0.2.3"}], "ports": [{"name": "y", "port": 53, "protocol": "UDP"}]},
    ]
    labels = {"app": "mine"}
    await world.create(ENDPOINTS, {"metadata": {"name": "web", "labels": labels}, "subsets": subsets})
    first = await settled(world, slices)
    await world.client.delete(ENDPOINTS, "web", "default")
    return first, await settled(world, slices)


async def zones_share_endpoints(world: Workloads) -> Any:
    for name, zone, cpu in (("a", "x", "4"), ("b", "y", "2")):
        await world.add_node(name, labels={ZONE: zone})
        await world.patch(NODES, {"status": {"allocatable": {"cpu": cpu}}}, name, "status")
        await world.client.patch(NODES, name, {"spec": {"taints": None}})
    made = service()
    made["metadata"]["annotations"] = {"service.kubernetes.io/topology-mode": "Auto"}
    await world.create(SERVICES, made)
    await settled(world, slices)
    for number in range(9):
        pod = template(nodeName="a" if number < 3 else "b")
        pod["metadata"] |= {"name": f"p{number}"}
        await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
    await run(world)

    async def hinted() -> Object | None:
        found = await world.client.list(
            ENDPOINT_SLICES, "default", label_selector="kubernetes.io/service-name=web"
        )
        endpoints = [e for part in found["items"] for e in part.get("endpoints") or ()]
        if len(endpoints) < 9 or not all(e.get("hints") for e in endpoints):
            return None
        return dict(Counter(e["hints"]["forZones"][0]["name"] for e in endpoints))

    return dict(await eventually(hinted, "hints"))


async def near_ones_are_preferred(world: Workloads) -> Any:
    for name, zone in (("a", "x"), ("b", "y")):
        await world.add_node(name, labels={ZONE: zone})
        await world.client.patch(NODES, name, {"spec": {"taints": None}})
    for number in range(3):
        pod = template(nodeName="ab"[number % 2])
        pod["metadata"] |= {"name": f"p{number}"}
        await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
    await run(world)
    told = []
    await world.create(SERVICES, service(trafficDistribution="PreferClose"))
    for preference in ("PreferSameZone", "PreferSameNode"):
        told.append(await settled(world, slices))
        await world.patch(SERVICES, {"spec": {"trafficDistribution": preference}})
    told.append(await settled(world, slices))
    return told


async def a_token_for_an_account(world: Workloads) -> Any:
    await world.create(SERVICE_ACCOUNTS, {"metadata": {"name": "robot"}})
    named = {"kubernetes.io/service-account.name": "robot"}
    secret = {
        "metadata": {"name": "robot", "annotations": named},
        "type": "kubernetes.io/service-account-token",
    }
    await world.create(SECRETS, secret)

    async def filled() -> Any:
        found = await world.get(SECRETS, "robot")
        return sorted(found["data"]) if found.get("data") else None

    keys = await eventually(filled, "a token")
    await world.client.delete(SERVICE_ACCOUNTS, "robot", "default")

    async def gone() -> bool:
        try:
            await world.get(SECRETS, "robot")
        except NotFound:
            return True
        return False

    return keys, await eventually(gone, "the secret's end")


async def what_every_namespace_has(world: Workloads) -> Any:
    await eventually(lambda: there(world, CONFIG_MAPS, "kube-root-ca.crt"))
    await world.client.delete(CONFIG_MAPS, "kube-root-ca.crt", "default")
    again = await eventually(lambda: there(world, CONFIG_MAPS, "kube-root-ca.crt"))
    await world.patch(CONFIG_MAPS, {"data": {"ca.crt": "no"}}, "kube-root-ca.crt")

    async def right() -> bool:
        return bool((await world.get(CONFIG_MAPS, "kube-root-ca.crt"))["data"]["ca.crt"] != "no")

    await eventually(right)
    return sorted(again["data"]), sorted(again["metadata"]["annotations"])


async def there(world: Workloads, resource: Resource, name: str) -> Object | None:
    try:
        return await world.get(resource, name)
    except NotFound:
        return None


def volume(name: str, size: str, **spec: Any) -> Object:
    whole = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": f"/nowhere/{name}"},
        "storageClassName": "by-hand",
    }
    return {"metadata": {"name": name, "labels": spec.pop("labels", {})}, "spec": whole | spec}


def claim(name: str, size: str, **spec: Any) -> Object:
    whole = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "storageClassName": "by-hand",
    }
    return {"metadata": {"name": name}, "spec": whole | spec}


async def volumes(world: Workloads) -> Any:
    bound = [
        (one["metadata"]["name"], one["spec"].get("volumeName"), one["status"])
        for one in await world.all(PERSISTENT_VOLUME_CLAIMS)
    ]
    found = (await world.client.list(PERSISTENT_VOLUMES))["items"]
    there = [
        (
            one["metadata"]["name"],
            (one["spec"].get("claimRef") or {}).get("name"),
            one["status"]["phase"],
            one["metadata"].get("finalizers"),
        )
        for one in found
    ]
    return bound, sorted(there, key=str)


async def the_smallest_volume_that_fits(world: Workloads) -> Any:
    for made in (
        volume("large", "10Gi"),
        volume("small", "2Gi"),
        volume("tiny", "1Gi"),
        volume("marked", "20Gi", labels={"for": "db"}),
        volume("many", "3Gi", accessModes=["ReadWriteMany"]),
        volume("block", "2Gi", volumeMode="Block"),
        volume("kept", "2Gi", claimRef={"name": "chosen", "namespace": "default"}),
    ):
        await world.client.create(PERSISTENT_VOLUMES, made)
    for wanted in (
        claim("a", "2Gi"),
        claim("b", "2Gi", selector={"matchLabels": {"for": "db"}}),
        claim("c", "1Gi", accessModes=["ReadWriteMany"]),
        claim("d", "1Gi", volumeMode="Block"),
        claim("e", "1Gi", volumeName="large"),
        claim("chosen", "1Gi"),
        claim("none", "100Gi"),
    ):
        await world.create(PERSISTENT_VOLUME_CLAIMS, wanted)
        await settled(world, volumes)
    return await settled(world, volumes), await told(world, "PersistentVolumeClaim")


async def what_becomes_of_a_volume(world: Workloads) -> Any:
    for name, policy in (("keep", "Retain"), ("drop", "Delete")):
        made = volume(name, "1Gi", persistentVolumeReclaimPolicy=policy, storageClassName=name)
        await world.client.create(PERSISTENT_VOLUMES, made)
        await world.create(PERSISTENT_VOLUME_CLAIMS, claim(name, "1Gi", storageClassName=name))
    bound = await settled(world, volumes)
    for name in ("keep", "drop"):
        await world.client.delete(PERSISTENT_VOLUME_CLAIMS, name, "default")
    left = await settled(world, volumes)
    return bound, left


async def a_volume_that_goes_first(world: Workloads) -> Any:
    await world.client.create(PERSISTENT_VOLUMES, volume("lost", "1Gi"))
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("lost", "1Gi"))
    await settled(world, volumes)
    await world.client.delete(PERSISTENT_VOLUMES, "lost")
    held = await settled(world, volumes)
    await world.client.patch(PERSISTENT_VOLUMES, "lost", {"metadata": {"finalizers": None}})
    lost = await settled(world, volumes), await told(world, "PersistentVolumeClaim")
    return held, lost


async def autoscaler(world: Workloads) -> Object:
    return dict((await world.get(AUTOSCALERS)).get("status") or {})


async def an_autoscaler_without_metrics(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=1))
    cpu = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, "metrics": [cpu]}
    await world.create(AUTOSCALERS, {"metadata": {"name": "web"}, "spec": spec})
    await condition(world, AUTOSCALERS, "ScalingActive", "False")
    return await settled(world, autoscaler), await told(world, "HorizontalPodAutoscaler")


async def an_autoscaler_of_nothing(world: Workloads) -> Any:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nothing"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3}
    await world.create(AUTOSCALERS, {"metadata": {"name": "web"}, "spec": spec})
    await condition(world, AUTOSCALERS, "AbleToScale", "False")
    return await settled(world, autoscaler), await told(world, "HorizontalPodAutoscaler")


async def an_autoscaler_out_of_bounds(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=5))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    await world.create(AUTOSCALERS, {"metadata": {"name": "web"}, "spec": spec})
    await world.status(DEPLOYMENTS, replicas=3)
    return await settled(world, autoscaler), await told(world, "HorizontalPodAutoscaler")


STORIES: tuple[Story, ...] = (
    a_budget_of_a_deployment,
    a_budget_in_percent,
    a_budget_of_pods_without_an_owner,
    a_budget_that_owners_do_not_bear,
    a_budget_of_nothing,
    unhealthy_pods_may_go,
    a_replication_controller,
    more_endpoints_than_a_slice_takes,
    endpoints_that_are_not_ready,
    endpoints_by_named_port,
    an_endpoint_that_ends,
    an_endpoint_of_no_node,
    endpoints_that_somebody_wrote,
    zones_share_endpoints,
    near_ones_are_preferred,
    a_token_for_an_account,
    what_every_namespace_has,
    the_smallest_volume_that_fits,
    what_becomes_of_a_volume,
    a_volume_that_goes_first,
    an_autoscaler_without_metrics,
    an_autoscaler_of_nothing,
    an_autoscaler_out_of_bounds,
)
