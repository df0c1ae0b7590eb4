"""The controllers on a real API server: state in, state out."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers import ControllersConfig, node_ipam
from proa.errors import NotFound
from proa.kube import (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    STORAGE_CLASSES,
    Client,
    Object,
    PatchType,
    Resource,
    find_condition,
    owner_reference,
)
from support.objects import claim, node, pod, storage_class, volume, with_claims
from support.server import api_server, background, eventually, running

RESOURCES: dict[str, Resource] = {
    "Node": NODES,
    "Pod": PODS,
    "PersistentVolume": PERSISTENT_VOLUMES,
    "PersistentVolumeClaim": PERSISTENT_VOLUME_CLAIMS,
    "StorageClass": STORAGE_CLASSES,
    "ConfigMap": CONFIG_MAPS,
    "Namespace": NAMESPACES,
}


async def create(client: Client, obj: Object, **status: Any) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k not in ("uid", "resourceVersion")}
    body = {k: v for k, v in obj.items() if k != "status"} | {"metadata": metadata}
    resource, namespace = RESOURCES[obj["kind"]], metadata.get("namespace", "")
    if obj["kind"] == "Pod":
        await eventually(lambda: get(client, SERVICE_ACCOUNTS, "default", namespace))
    made = await client.create(resource, body, namespace)
    wanted = (obj.get("status") or {}) | status if obj["kind"] in ("Node", "Pod") else status
    if not wanted:
        return made
    name = made["metadata"]["name"]
    return await client.patch(resource, name, {"status": wanted}, namespace, subresource="status")


async def get(client: Client, resource: Resource, name: str, namespace: str = "") -> Object | None:
    try:
        return await client.get(resource, name, namespace)
    except NotFound:
        return None


async def gone(client: Client, resource: Resource, name: str, namespace: str = "") -> bool:
    return bool(await eventually(lambda: _absent(client, resource, name, namespace), f"{name} gone"))


async def _absent(client: Client, resource: Resource, name: str, namespace: str) -> bool:
    return await get(client, resource, name, namespace) is None


async def phase(client: Client, resource: Resource, name: str, namespace: str, wanted: str) -> Object:
    async def reached() -> Object | None:
        obj = await get(client, resource, name, namespace)
        return obj if obj and (obj.get("status") or {}).get("phase") == wanted else None

    return dict(await eventually(reached, f"{name} {wanted}"))


async def event(client: Client, reason: str) -> str:
    async def recorded() -> str:
        found = (await client.list(EVENTS))["items"]
        return next((e["message"] for e in found if e["reason"] == reason), "")

    return str(await eventually(recorded, f"event {reason}"))


def config_map(name: str, *owners: Object, **metadata: Any) -> Object:
    references = [owner_reference(owner, controller=False) | {"blockOwnerDeletion": True} for owner in owners]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "ownerReferences": references} | metadata,
    }


# Namespaces


async def test_a_namespace_gets_its_account_and_ca_and_gets_them_back(client: Client) -> None:
    await create(client, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    await eventually(lambda: get(client, SERVICE_ACCOUNTS, "default", "team"))
    ca = await eventually(lambda: get(client, CONFIG_MAPS, "kube-root-ca.crt", "team"))
    assert ca["data"] == {"ca.crt": "-----BEGIN CERTIFICATE-----"}
    await client.patch(CONFIG_MAPS, "kube-root-ca.crt", {"data": {"ca.crt": "forged"}}, "team")

    async def restored() -> bool:
        return bool((await client.get(CONFIG_MAPS, "kube-root-ca.crt", "team"))["data"] == ca["data"])

    await eventually(restored)


async def test_a_deleted_namespace_goes_with_all_it_holds_pods_first(client: Client) -> None:
    await create(client, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    await create(client, node())
    await create(client, pod(namespace="team", nodeName="n1"), phase="Running")
    await create(client, config_map("kept", namespace="team"))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "team"}}
    await client.create(SECRETS, secret, "team")
    await client.delete(NAMESPACES, "team")

    async def told() -> str:
        condition = find_condition(await client.get(NAMESPACES, "team"), "NamespaceContentRemaining")
        return str(condition["message"]) if condition else ""

    assert await eventually(told) == "Some resources are remaining: pods. has 1 resource instances"
    assert await get(client, CONFIG_MAPS, "kept", "team") is not None
    await client.delete(PODS, "p", "team", grace_period_seconds=0)
    await gone(client, NAMESPACES, "team")
    assert (await client.list(SECRETS, "team"))["items"] == []


# Garbage


async def test_background_deletion_takes_dependents_of_dependents(client: Client) -> None:
    owner = await create(client, config_map("owner"))
    child = await create(client, config_map("child", owner))
    await create(client, config_map("grandchild", child))
    await client.delete(CONFIG_MAPS, "owner", "default")
    await gone(client, CONFIG_MAPS, "child", "default")
    await gone(client, CONFIG_MAPS, "grandchild", "default")


async def test_foreground_deletion_keeps_the_owner_until_its_dependents_are_gone(client: Client) -> None:
    owner = await create(client, config_map("owner"))
    await create(client, config_map("child", owner, finalizers=["example.com/hold"]))
    await client.delete(CONFIG_MAPS, "owner", "default", propagation_policy="Foreground")

    async def child_is_going() -> bool:
        return "deletionTimestamp" in (await client.get(CONFIG_MAPS, "child", "default"))["metadata"]

    await eventually(child_is_going)
    assert await get(client, CONFIG_MAPS, "owner", "default") is not None
    await client.patch(CONFIG_MAPS, "child", {"metadata": {"finalizers": None}}, "default")
    await gone(client, CONFIG_MAPS, "owner", "default")


async def test_orphan_deletion_lets_dependents_go_free(client: Client) -> None:
    owner = await create(client, config_map("owner"))
    await create(client, config_map("child", owner))
    await client.delete(CONFIG_MAPS, "owner", "default", propagation_policy="Orphan")
    await gone(client, CONFIG_MAPS, "owner", "default")
    child = await client.get(CONFIG_MAPS, "child", "default")
    assert not child["metadata"].get("ownerReferences")


async def test_an_object_with_another_owner_left_stays_and_forgets_the_lost_one(client: Client) -> None:
    lost, left = await create(client, config_map("lost")), await create(client, config_map("left"))
    await create(client, config_map("child", lost, left))
    await client.delete(CONFIG_MAPS, "lost", "default")

    async def owners() -> bool:
        child = await client.get(CONFIG_MAPS, "child", "default")
        return [o["name"] for o in child["metadata"]["ownerReferences"]] == ["left"]

    await eventually(owners)


async def test_an_owner_of_the_same_name_but_another_uid_is_no_owner(client: Client) -> None:
    owner = await create(client, config_map("owner"))
    owner["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
    await create(client, config_map("child", owner))
    await gone(client, CONFIG_MAPS, "child", "default")


# Nodes


async def test_nodes_get_ranges_that_differ(client: Client) -> None:
    for name in ("a", "b"):
        await create(client, node(name))

    async def ranges() -> list[str]:
        nodes = (await client.list(NODES))["items"]
        return [cidr for n in nodes for cidr in n["spec"].get("podCIDRs") or []]

    async def both() -> bool:
        return len(await ranges()) == 2

    await eventually(both)
    assert set(await ranges()) == {"10.42.0.0/24", "10.42.1.0/24"}


async def test_ranges_that_were_given_before_a_restart_are_not_given_again(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client: Client = server.client()
        old = node("old")
        old["spec"] = {"podCIDR": "10.42.0.0/24", "podCIDRs": ["10.42.0.0/24"]}
        await create(client, node("new"))
        await create(client, old)

        async def range_of_new() -> str:
            return str((await client.get(NODES, "new"))["spec"].get("podCIDR") or "")

        async with running(client, lambda manager: node_ipam.setup(manager, ControllersConfig())):
            assert await eventually(range_of_new) == "10.42.1.0/24"


async def beat(client: Client, name: str) -> None:
    """Another sign of life of a node, again and again."""
    for second in itertools.count():
        said = {"type": "Ready", "status": "True", "lastHeartbeatTime": f"{2030 + second}-01-01T00:00:00Z"}
        patch = {"status": {"conditions": [said]}}
        await client.patch(NODES, name, patch, kind=PatchType.STRATEGIC, subresource="status")
        await asyncio.sleep(0.05)


async def taints_of(client: Client, name: str) -> set[str]:
    found = (await client.get(NODES, name))["spec"].get("taints") or []
    return {f"{t['key'].removeprefix('node.kubernetes.io/')}:{t['effect']}" for t in found}


async def test_no_pod_leaves_while_no_node_speaks(client: Client) -> None:
    await create(client, node("n1"))
    await create(client, node("n2"))

    async def silent(*effects: str) -> bool:
        return await taints_of(client, "n1") == {f"unreachable:{effect}" for effect in effects}

    await eventually(lambda: silent("NoSchedule"))
    async with background(beat(client, "n2")):
        await eventually(lambda: silent("NoSchedule", "NoExecute"))
    await eventually(lambda: silent("NoSchedule"))


async def test_a_node_gets_a_range_of_each_family(tmp_path: Path) -> None:
    config = ControllersConfig(
        cluster_cidrs=("fd00:42::/56", "10.42.0.0/23"), node_cidr_mask_sizes={4: 24, 6: 64}
    )
    async with api_server(tmp_path) as server:
        client: Client = server.client()

        async def ranges(name: str) -> list[str]:
            return (await client.get(NODES, name))["spec"].get("podCIDRs") or []

        async with running(client, lambda manager: node_ipam.setup(manager, config)):
            await create(client, node("a"))
            assert await eventually(lambda: ranges("a")) == ["fd00:42::/64", "10.42.0.0/24"]
            assert (await client.get(NODES, "a"))["spec"]["podCIDR"] == "fd00:42::/64"
            await create(client, node("b"))
            await eventually(lambda: ranges("b"))
            await create(client, node("c"))  # IPv4 is full, and what it got of IPv6 goes back

            async def told() -> bool:
                events = (await client.list(EVENTS, "default"))["items"]
                return any(each["reason"] == "CIDRNotAvailable" for each in events)

            await eventually(told)
            await client.delete(NODES, "a")
            await client.delete(NODES, "c")
            await create(client, node("d"))
            assert (await eventually(lambda: ranges("d")))[1] == "10.42.0.0/24"


async def test_a_silent_node_is_unreachable_and_its_pods_leave(client: Client) -> None:
    await create(client, node("n2"))
    async with background(beat(client, "n2")):
        await a_silent_node(client)


async def a_silent_node(client: Client) -> None:
    await create(client, node())
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": "2030-01-01T00:00:00Z"}]
    stays: dict[str, Any] = {"tolerations": [{"operator": "Exists"}]}
    await create(client, pod("leaves", nodeName="n1"), phase="Running")
    # DefaultTolerationSeconds would give it five minutes: this one wants none.
    soon: Object = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
    at_once: dict[str, Any] = {"tolerations": [soon | {"tolerationSeconds": 0}]}
    await create(client, pod("leaves-at-once", nodeName="n1", **at_once), phase="Running")
    await create(client, pod("stays", nodeName="n1", **stays), phase="Running", conditions=ready)

    async def unreachable() -> bool:
        return await taints_of(client, "n1") == {"unreachable:NoSchedule", "unreachable:NoExecute"}

    await eventually(unreachable)
    condition = find_condition(await client.get(NODES, "n1"), "Ready")
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("Unknown", "NodeStatusNeverUpdated")

    async def leaving(name: str) -> bool:
        found = await get(client, PODS, name, "default")
        return found is None or "deletionTimestamp" in found["metadata"]

    await eventually(lambda: leaving("leaves-at-once"))

    async def not_ready() -> bool:
        found = find_condition(await client.get(PODS, "stays", "default"), "Ready")
        return found is not None and found["status"] == "False"

    await eventually(not_ready)
    assert not await leaving("stays")
    assert not await leaving("leaves")

    heartbeat = {"type": "Ready", "status": "True", "lastHeartbeatTime": "2030-01-01T00:00:10Z"}
    patch = {"status": {"conditions": [heartbeat]}}
    await client.patch(NODES, "n1", patch, kind=PatchType.STRATEGIC, subresource="status")

    async def untainted() -> bool:
        return not await taints_of(client, "n1")

    await eventually(untainted)


async def test_pods_of_a_vanished_node_are_removed(client: Client) -> None:
    await create(client, pod(nodeName="ghost"), phase="Running")
    await gone(client, PODS, "p", "default")


async def test_finished_pods_beyond_the_bound_are_removed(client: Client) -> None:
    await create(client, node())
    for index in range(4):
        await create(client, pod(f"done-{index}", nodeName="n1"), phase="Succeeded")

    async def two_left() -> bool:
        return len((await client.list(PODS, "default"))["items"]) == 2

    await eventually(two_left)


# Volumes


async def test_a_static_volume_is_bound_then_released_and_kept(client: Client) -> None:
    await create(client, volume(storageClassName="manual"))
    await phase(client, PERSISTENT_VOLUMES, "pv", "", "Available")
    await create(client, claim(storageClassName="manual"))
    bound = await phase(client, PERSISTENT_VOLUME_CLAIMS, "data", "default", "Bound")
    assert bound["status"]["capacity"] == {"storage": "1Gi"}
    held = await phase(client, PERSISTENT_VOLUMES, "pv", "", "Bound")
    assert held["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]
    assert held["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"] == "yes"
    await client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    await phase(client, PERSISTENT_VOLUMES, "pv", "", "Released")


async def test_claims_that_race_for_one_volume_leave_one_pending(client: Client) -> None:
    for name in ("one", "two"):
        await create(client, claim(name, storageClassName="manual"))
    await create(client, volume(storageClassName="manual"))  # wakes both at once
    held = await phase(client, PERSISTENT_VOLUMES, "pv", "", "Bound")
    winner = held["spec"]["claimRef"]["name"]
    await phase(client, PERSISTENT_VOLUME_CLAIMS, winner, "default", "Bound")
    loser = await client.get(PERSISTENT_VOLUME_CLAIMS, {"one": "two", "two": "one"}[winner], "default")
    assert "volumeName" not in loser["spec"]


async def test_a_prebound_volume_goes_to_its_claim_only(client: Client) -> None:
    reserved = {"namespace": "default", "name": "mine"}
    await create(client, volume(storageClassName="manual", claimRef=reserved))
    await create(client, claim("other", storageClassName="manual"))
    await create(client, claim("mine", storageClassName="manual"))
    await phase(client, PERSISTENT_VOLUME_CLAIMS, "mine", "default", "Bound")
    held = await client.get(PERSISTENT_VOLUMES, "pv")
    assert held["spec"]["claimRef"]["name"] == "mine"
    assert "pv.kubernetes.io/bound-by-controller" not in (held["metadata"].get("annotations") or {})


async def test_a_claim_that_names_a_volume_that_does_not_fit_says_why(client: Client) -> None:
    await create(client, volume(storageClassName="manual"))
    await create(client, claim(storageClassName="manual", volumeName="pv", size="5Gi"))
    assert (
        await event(client, "VolumeMismatch")
        == 'Cannot bind to requested volume "pv": requested PV is too small'
    )


async def test_a_claim_whose_volume_vanishes_is_lost(client: Client) -> None:
    await create(client, volume(storageClassName="manual"))
    await create(client, claim(storageClassName="manual"))
    await phase(client, PERSISTENT_VOLUMES, "pv", "", "Bound")
    await client.delete(PERSISTENT_VOLUMES, "pv")
    assert await get(client, PERSISTENT_VOLUMES, "pv") is not None  # protected while bound
    await client.patch(PERSISTENT_VOLUMES, "pv", {"metadata": {"finalizers": None}})
    await phase(client, PERSISTENT_VOLUME_CLAIMS, "data", "default", "Lost")
    assert (
        await event(client, "ClaimLost")
        == "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    )


async def test_an_immediate_class_calls_its_provisioner(client: Client) -> None:
    await create(client, storage_class("fast", mode="Immediate", provisioner="example.com/disk"))
    await create(client, claim(storageClassName="fast"))
    assert "external provisioner 'example.com/disk'" in await event(client, "ExternalProvisioning")
    annotations = (await client.get(PERSISTENT_VOLUME_CLAIMS, "data", "default"))["metadata"]["annotations"]
    assert annotations["volume.kubernetes.io/storage-provisioner"] == "example.com/disk"


async def test_a_class_that_is_not_there_is_named(client: Client) -> None:
    await create(client, claim(storageClassName="none"))
    assert await event(client, "ProvisioningFailed") == 'storageclass.storage.k8s.io "none" not found'


async def test_a_volume_that_nobody_can_delete_fails(client: Client) -> None:
    await create(client, volume(storageClassName="manual", persistentVolumeReclaimPolicy="Delete"))
    await create(client, claim(storageClassName="manual"))
    await phase(client, PERSISTENT_VOLUMES, "pv", "", "Bound")
    await client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    failed = await phase(client, PERSISTENT_VOLUMES, "pv", "", "Failed")
    assert "no provisioner made this volume" in failed["status"]["message"]


@pytest.mark.parametrize("state", ["Running", "Succeeded"])
async def test_a_pod_protects_its_claim_until_it_is_gone(client: Client, state: str) -> None:
    await create(client, node())
    await create(client, claim(storageClassName="none"))
    await create(client, pod(nodeName="n1", **with_claims("data")), phase=state)

    async def protected() -> bool:
        found = await client.get(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        return "kubernetes.io/pvc-protection" in (found["metadata"].get("finalizers") or [])

    await eventually(protected)
    await create(client, claim("unused", storageClassName="none"))
    for name in ("data", "unused"):
        await client.delete(PERSISTENT_VOLUME_CLAIMS, name, "default")
    await gone(client, PERSISTENT_VOLUME_CLAIMS, "unused", "default")
    assert await get(client, PERSISTENT_VOLUME_CLAIMS, "data", "default") is not None
    await client.delete(PODS, "p", "default", grace_period_seconds=0)
    await gone(client, PERSISTENT_VOLUME_CLAIMS, "data", "default")
