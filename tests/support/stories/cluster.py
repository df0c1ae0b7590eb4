"""What keeps a cluster tidy: quotas, roles made of others, policies that are checked, volumes and claims."""

from __future__ import annotations

from typing import Any

from proa.errors import NotFound
from proa.kube import (
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Object,
    Resource,
)
from proa.kube.resources import RESOURCE_QUOTAS
from support.server import eventually
from support.stories import Story, settled, told
from support.stories.others import claim, volume, volumes
from support.workloads import Workloads, template

_ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
_POLICIES = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    namespaced=False,
)


async def quota_status(world: Workloads) -> Any:
    return (await world.get(RESOURCE_QUOTAS)).get("status")


async def pod(world: Workloads, name: str, **spec: Any) -> None:
    made = template(**spec)
    made["metadata"] |= {"name": name}
    await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | made)


async def a_quota_is_counted_anew(world: Workloads) -> Any:
    container = {"name": "c", "image": "web", "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}}
    hard = {
        "pods": "5",
        "requests.cpu": "1",
        "limits.memory": "2Gi",
        "count/configmaps": "10",
        "services": "3",
        "requests.storage": "5Gi",
        "by-hand.storageclass.storage.k8s.io/persistentvolumeclaims": "2",
    }
    containers = [container | {"resources": container["resources"] | {"limits": {"memory": "1Gi"}}}]  # type: ignore[operator]
    await world.create(RESOURCE_QUOTAS, {"metadata": {"name": "web"}, "spec": {"hard": hard}})

    async def counted() -> bool:
        return bool(((await quota_status(world)) or {}).get("hard"))

    await eventually(counted, "the quota is counted")
    await pod(world, "runs", containers=containers)
    await pod(world, "over", containers=containers)
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("web", "1Gi"))
    (over,) = (p for p in await world.all(PODS) if p["metadata"]["name"] == "over")
    await world.set_phase(over, "Succeeded")
    used = await settled(world, quota_status)
    await world.patch(RESOURCE_QUOTAS, {"spec": {"hard": {"pods": "7"}}})
    grown = await settled(world, quota_status)
    await world.client.delete(RESOURCE_QUOTAS, "web", "default")
    return used, grown


async def a_quota_of_some_pods(world: Workloads) -> Any:
    spec = {"hard": {"pods": "5"}, "scopes": ["BestEffort"]}
    await world.create(RESOURCE_QUOTAS, {"metadata": {"name": "web"}, "spec": spec})
    await pod(world, "counts")
    resources = {"requests": {"cpu": "1m"}}
    await pod(world, "counts-not", containers=[{"name": "c", "image": "web", "resources": resources}])
    used = await settled(world, quota_status)
    await world.client.delete(RESOURCE_QUOTAS, "web", "default")
    return used


def role(name: str, resource: str, **more: Any) -> Object:
    rule = {"apiGroups": [""], "resources": [resource], "verbs": ["get"]}
    labels = {f"example.com/{more.pop('label', 'to-web')}": "true"}
    return {"metadata": {"name": name, "labels": labels}, "rules": [rule]} | more


async def a_role_made_of_others(world: Workloads) -> Any:
    chosen = {"clusterRoleSelectors": [{"matchLabels": {"example.com/to-web": "true"}}]}
    made = {"metadata": {"name": "story-whole"}, "aggregationRule": chosen, "rules": []}
    await world.client.create(_ROLES, made)
    for name, resource in (("story-b", "secrets"), ("story-a", "pods"), ("story-c", "pods")):
        await world.client.create(_ROLES, role(name, resource))

    async def look(world: Workloads) -> Any:
        return (await world.client.get(_ROLES, "story-whole"))["rules"]

    whole = await settled(world, look)
    await world.client.delete(_ROLES, "story-b")
    await world.client.patch(_ROLES, "story-a", {"metadata": {"labels": {"x": "y"}}})
    fewer = await settled(world, look)
    for name in ("story-whole", "story-a", "story-c"):
        await world.client.delete(_ROLES, name)
    return whole, fewer


async def a_policy_that_is_checked(world: Workloads) -> Any:
    rule = {
        "apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]
    }  # fmt: skip
    validations = [
        {"expression": "object.spec.replicas > '1'"},
        {"expression": "object.spec.replica > 1", "messageExpression": "string(object.nothing)"},
        {"expression": "object.spec.replicas > 1"},
    ]
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": validations}
    await world.client.create(_POLICIES, {"metadata": {"name": "story"}, "spec": spec})

    async def look(world: Workloads) -> Any:
        return (await world.client.get(_POLICIES, "story")).get("status")

    async def checked() -> bool:
        return bool(((await look(world)) or {}).get("observedGeneration"))

    await eventually(checked, "the policy is checked")
    seen = await settled(world, look)
    await world.client.delete(_POLICIES, "story")
    return seen


async def a_claim_that_wants_more(world: Workloads) -> Any:
    kind = {"metadata": {"name": "story-grows"}, "provisioner": "example.com/maker"}
    await world.client.create(STORAGE_CLASSES, kind | {"allowVolumeExpansion": True})
    await world.client.create(PERSISTENT_VOLUMES, volume("grows", "1Gi", storageClassName="story-grows"))
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("grows", "1Gi", storageClassName="story-grows"))
    bound = await settled(world, volumes)
    more = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    await world.patch(PERSISTENT_VOLUME_CLAIMS, more, "grows")
    seen = bound, await settled(world, volumes), await told(world, "PersistentVolumeClaim")
    await world.client.delete(STORAGE_CLASSES, "story-grows")
    return seen


async def a_claim_that_nobody_serves(world: Workloads) -> Any:
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("lonely", "1Gi", storageClassName="no-such-class"))
    kind = {"metadata": {"name": "story-made"}, "provisioner": "example.com/maker"}
    await world.client.create(STORAGE_CLASSES, kind)
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("made", "1Gi", storageClassName="story-made"))
    waits = {"metadata": {"name": "story-waits"}, "provisioner": "example.com/maker"}
    await world.client.create(STORAGE_CLASSES, waits | {"volumeBindingMode": "WaitForFirstConsumer"})
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("waits", "1Gi", storageClassName="story-waits"))

    async def look(world: Workloads) -> Any:
        return [
            (one["metadata"]["name"], sorted(one["metadata"].get("annotations") or ()), one["status"])
            for one in await world.all(PERSISTENT_VOLUME_CLAIMS)
        ]

    seen = await settled(world, look), await told(world, "PersistentVolumeClaim")
    for name in ("story-made", "story-waits"):
        await world.client.delete(STORAGE_CLASSES, name)
    return seen


async def a_volume_that_is_used_again(world: Workloads) -> Any:
    await world.client.create(PERSISTENT_VOLUMES, volume("again", "1Gi"))
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("first", "1Gi"))
    await settled(world, volumes)
    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "first", "default")
    released = await settled(world, volumes)
    await world.client.patch(PERSISTENT_VOLUMES, "again", {"spec": {"claimRef": None}})
    free = await settled(world, volumes)
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("second", "1Gi"))
    return released, free, await settled(world, volumes)


async def a_claim_in_use(world: Workloads) -> Any:
    await world.client.create(PERSISTENT_VOLUMES, volume("used", "1Gi"))
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("used", "1Gi"))
    mounted = {"name": "v", "persistentVolumeClaim": {"claimName": "used"}}
    await pod(world, "user", volumes=[mounted], nodeName="nowhere")
    await settled(world, volumes)
    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "used", "default")
    held = await settled(world, volumes)
    await world.set_phase((await world.all(PODS))[0], "Succeeded")
    over = await settled(world, volumes)
    await world.remove((await world.all(PODS))[0])

    async def gone() -> bool:
        try:
            await world.get(PERSISTENT_VOLUME_CLAIMS, "used")
        except NotFound:
            return True
        return False

    return held, over, await eventually(gone, "the claim's end")


async def an_ephemeral_claim(world: Workloads) -> Any:
    made = {"spec": claim("x", "1Gi")["spec"], "metadata": {"labels": {"kept": "yes"}}}
    await pod(world, "p", volumes=[{"name": "scratch", "ephemeral": {"volumeClaimTemplate": made}}])
    await world.create(CONFIG_MAPS, {"metadata": {"name": "unrelated"}})

    async def there() -> Any:
        return await world.all(PERSISTENT_VOLUME_CLAIMS)

    (found,) = await eventually(there, "the claim")
    (owner,) = found["metadata"]["ownerReferences"]
    await world.client.delete(CONFIG_MAPS, "unrelated", "default")
    return found["metadata"]["name"], found["metadata"]["labels"], owner | {"uid": ""}, found["spec"]


STORIES: tuple[Story, ...] = (
    a_quota_is_counted_anew,
    a_quota_of_some_pods,
    a_role_made_of_others,
    a_policy_that_is_checked,
    a_claim_that_wants_more,
    a_claim_that_nobody_serves,
    a_volume_that_is_used_again,
    a_claim_in_use,
    an_ephemeral_claim,
)
