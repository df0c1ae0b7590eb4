"""EndpointSlices and Endpoints as values; the last test runs both controllers on a real API server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.controllers import (
    ControllersConfig,
    endpoint_slice,
    endpoint_slice_mirroring,
    endpoints,
    slices,
)
from proa.kube import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICE_ACCOUNTS, SERVICES, Object
from proa.kube import NODES as NODE_KIND
from support.objects import node, pod
from support.server import api_server, eventually, running
from support.service_objects import service

NODES = {"n1": node("n1", labels={"topology.kubernetes.io/zone": "z1"})}


def web(**spec: Any) -> Object:
    made = service(selector={"app": "web"}, ipFamilies=["IPv4"], **spec)
    made["metadata"] |= {"uid": "u-web", "namespace": "default", "labels": {"team": "a"}}
    return made


def backend(number: int, *, ready: bool = True, deleting: bool = False, **spec: Any) -> Object:
    ips = spec.pop("ips", [f"10.42.0.{number}"])
    made = pod(f"web-{number:03}", labels={"app": "web"}, nodeName="n1", **spec)
    made["status"] = {
        "phase": spec.get("phase", "Running"),
        "podIP": ips[0],
        "podIPs": [{"ip": ip} for ip in ips],
        "conditions": [{"type": "Ready", "status": str(ready)}],
    }
    if deleting:
        made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return made


def only(groups: dict[slices.Group, dict[str, Object]]) -> list[Object]:
    (found,) = groups.values()
    return list(found.values())


def test_an_endpoint_says_all_that_a_proxy_and_dns_need() -> None:
    groups = slices.desired(web(), [backend(1, hostname="a", subdomain="web")], NODES)
    assert list(groups) == [("IPv4", (("http", "TCP", 80, ""),))]
    assert only(groups) == [
        {
            "addresses": ["10.42.0.1"],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "targetRef": {
                "kind": "Pod",
                "namespace": "default",
                "name": "web-001",
                "uid": "pod-default-web-001",
            },
            "hostname": "a",
            "nodeName": "n1",
            "zone": "z1",
        }
    ]


def test_conditions_follow_readiness_and_deletion() -> None:
    cases = {
        "ready": (backend(1), (True, True, False)),
        "not ready": (backend(1, ready=False), (False, False, False)),
        "ready and leaving": (backend(1, deleting=True), (False, True, True)),
    }
    for name, (one, wanted) in cases.items():
        (found,) = only(slices.desired(web(), [one], NODES))
        assert tuple(found["conditions"].values()) == wanted, name
    (found,) = only(slices.desired(web(publishNotReadyAddresses=True), [backend(1, ready=False)], NODES))
    assert found["conditions"] == {"ready": True, "serving": False, "terminating": False}


def test_pods_without_an_address_or_that_ended_are_left_out() -> None:
    ended, addressless = backend(1), backend(2, ips=[""])
    ended["status"]["phase"] = "Succeeded"
    assert slices.desired(web(), [ended, addressless], NODES) == {("IPv4", ()): {}}


def test_named_ports_group_pods_by_number() -> None:
    made = web(ports=[{"name": "http", "port": 80, "targetPort": "web"}])
    old = backend(1, ports=[{"name": "web", "containerPort": 8080}])
    new = backend(2, ports=[{"name": "web", "containerPort": 9090}])
    without = backend(3)
    groups = slices.desired(made, [old, new, without], NODES)
    assert {(ports[0].number if ports else None, *found) for (_, ports), found in groups.items()} == {
        (8080, "10.42.0.1"),
        (9090, "10.42.0.2"),
        (None, "10.42.0.3"),
    }


def test_dual_stack_has_slices_of_both_families() -> None:
    made = web()
    made["spec"]["ipFamilies"] = ["IPv6", "IPv4"]
    groups = slices.desired(made, [backend(1, ips=["10.42.0.1", "fd42::1"])], NODES)
    assert [(family, *found) for (family, _), found in groups.items()] == [
        ("IPv6", "fd42::1"),
        ("IPv4", "10.42.0.1"),
    ]


def test_traffic_distribution_becomes_hints() -> None:
    hints = only(slices.desired(web(trafficDistribution="PreferClose"), [backend(1)], NODES))[0]["hints"]
    assert hints == {"forZones": [{"name": "z1"}]}
    hints = only(slices.desired(web(trafficDistribution="PreferSameNode"), [backend(1)], NODES))[0]["hints"]
    assert hints == {"forZones": [{"name": "z1"}], "forNodes": [{"name": "n1"}]}
    nowhere = {"n1": node("n1")}
    assert (
        "hints" not in only(slices.desired(web(trafficDistribution="PreferClose"), [backend(1)], nowhere))[0]
    )


def test_a_pod_of_a_node_that_does_not_exist_is_left_out_unless_all_are_published() -> None:
    assert only(slices.desired(web(), [backend(1)], {})) == []
    published = slices.desired(web(publishNotReadyAddresses=True), [backend(1)], {})
    assert [endpoint["addresses"] for endpoint in only(published)] == [["10.42.0.1"]]


def test_a_headless_service_says_so_on_its_slices() -> None:
    (made,) = slices.plan(
        slices.template(web(ip="None")), [], slices.desired(web(ip="None"), [backend(1)], NODES)
    ).create
    assert made["metadata"]["labels"] == {
        "team": "a",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "service.kubernetes.io/headless": "",
    }
    assert made["metadata"]["ownerReferences"][0]["name"] == "web"


def applied(existing: list[Object], plan: slices.Plan) -> list[Object]:
    kept = {part["metadata"]["name"]: part for part in existing}
    kept |= {part["metadata"]["name"]: part for part in (*plan.update, *plan.create)}
    for part in plan.delete:
        del kept[part["metadata"]["name"]]
    return list(kept.values())


def step(existing: list[Object], numbers: list[int]) -> slices.Plan:
    return slices.plan(
        slices.template(web()), existing, slices.desired(web(), [backend(n) for n in numbers], NODES)
    )


def test_one_pod_more_is_one_write() -> None:
    first = applied([], step([], list(range(1, 151))))
    assert sorted(len(part["endpoints"]) for part in first) == [50, 100]
    plan = step(first, list(range(1, 152)))
    assert (len(plan.create), len(plan.update), len(plan.delete)) == (0, 1, 0)
    plan = step(first, list(range(2, 151)))
    assert (len(plan.create), len(plan.update), len(plan.delete)) == (0, 1, 0)
    assert step(first, list(range(1, 151))) == slices.Plan()


def test_a_service_without_pods_keeps_one_empty_slice() -> None:
    empty = applied([], step([], []))
    assert [part["endpoints"] for part in empty] == [[]]
    assert step(empty, []) == slices.Plan()
    filled = applied(empty, step(empty, [1]))
    assert [len(part["endpoints"]) for part in filled] == [1]
    assert [part["endpoints"] for part in applied(filled, step(filled, []))] == [[]]


@given(st.lists(st.sets(st.integers(1, 250), max_size=250), max_size=5))
def test_whatever_happens_slices_hold_each_pod_once(history: list[set[int]]) -> None:
    parts: list[Object] = []
    for numbers in history:
        parts = applied(parts, step(parts, sorted(numbers)))
        found = [endpoint["addresses"][0] for part in parts for endpoint in part["endpoints"]]
        assert sorted(found) == sorted(f"10.42.0.{n}" for n in numbers)
        assert all(len(part["endpoints"]) <= slices.CAPACITY for part in parts)
        assert step(parts, sorted(numbers)) == slices.Plan()


def test_legacy_endpoints_tell_ready_from_not_ready() -> None:
    pods = [backend(1), backend(2, ready=False), backend(3, deleting=True)]
    made = endpoints.desired(web(), pods, NODES)
    (subset,) = made["subsets"]
    assert [a["ip"] for a in subset["addresses"]] == ["10.42.0.1"]
    assert [a["ip"] for a in subset["notReadyAddresses"]] == ["10.42.0.2"]
    assert subset["ports"] == [{"name": "http", "protocol": "TCP", "port": 80}]
    assert "subsets" not in endpoints.desired(web(), [], NODES)


def test_legacy_endpoints_are_cut_at_a_thousand() -> None:
    pods = [backend(n, ready=n > 10, ips=[f"10.42.{n >> 8}.{n & 255}"]) for n in range(1, 1006)]
    made = endpoints.desired(web(), pods, NODES)
    (subset,) = made["subsets"]
    assert (len(subset["addresses"]), len(subset["notReadyAddresses"])) == (995, 5)
    assert made["metadata"]["annotations"] == {"endpoints.kubernetes.io/over-capacity": "truncated"}


def hand_written(**metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "db", "namespace": "default"} | metadata,
        "subsets": [
            {
                "addresses": [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}],
                "notReadyAddresses": [{"ip": "192.0.2.2", "hostname": "b"}],
                "ports": [{"name": "sql", "port": 3306}],
            }
        ],
    }


def test_hand_written_endpoints_become_slices_by_family() -> None:
    groups = endpoint_slice_mirroring.desired(hand_written())
    ports = (("sql", "TCP", 3306, ""),)
    assert groups == {
        ("IPv4", ports): {
            "192.0.2.2": {"addresses": ["192.0.2.2"], "conditions": {"ready": False}, "hostname": "b"},
            "192.0.2.1": {"addresses": ["192.0.2.1"], "conditions": {"ready": True}},
        },
        ("IPv6", ports): {"2001:db8::1": {"addresses": ["2001:db8::1"], "conditions": {"ready": True}}},
    }


def test_mirrored_slices_have_labels_and_annotations_of_the_endpoints() -> None:
    applied_by = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    made = hand_written(uid="u", labels={"a": "b"}, annotations={"c": "d"} | applied_by)
    template = endpoint_slice_mirroring.template(made)
    wanted = endpoint_slice_mirroring.desired(made)
    (first, second) = slices.plan(template, [], wanted).create
    assert first["metadata"]["annotations"] == second["metadata"]["annotations"] == {"c": "d"}
    assert first["metadata"]["labels"] == {
        "a": "b",
        "kubernetes.io/service-name": "db",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    assert slices.plan(template, [first, second], wanted) == slices.Plan()
    made["metadata"]["annotations"] = {"c": "e"}
    again = endpoint_slice_mirroring.template(made)
    assert len(slices.plan(again, [first, second], wanted).update) == 2


def test_only_endpoints_of_a_service_without_selector_are_mirrored() -> None:
    is_mirrored = endpoint_slice_mirroring.is_mirrored
    assert is_mirrored(hand_written(), service("db"))
    assert not is_mirrored(hand_written(), None)
    assert not is_mirrored(hand_written(), web())
    skipped = hand_written(labels={"endpointslice.kubernetes.io/skip-mirror": "true"})
    assert not is_mirrored(skipped, service("db"))


async def test_hand_written_endpoints_are_mirrored_while_they_are_there(tmp_path: Path) -> None:
    setup = endpoint_slice_mirroring.setup
    async with (
        api_server(tmp_path) as server,
        running(server.client(), lambda manager: setup(manager, ControllersConfig())),
    ):
        client = server.client()
        made = service("db", ip="10.43.0.60")
        made["metadata"]["namespace"] = "default"
        await client.create(SERVICES, made, "default")
        await client.create(ENDPOINTS, hand_written(), "default")

        async def families() -> list[str]:
            selector = "kubernetes.io/service-name=db"
            found = await client.list(ENDPOINT_SLICES, "default", label_selector=selector)
            return sorted(part["addressType"] for part in found["items"])

        async def are(wanted: list[str]) -> bool:
            return await families() == wanted

        await eventually(lambda: are(["IPv4", "IPv6"]))
        await client.delete(ENDPOINTS, "db", "default")
        await eventually(lambda: are([]))


async def test_slices_and_endpoints_follow_pods(tmp_path: Path) -> None:
    config = ControllersConfig()
    async with (
        api_server(tmp_path) as server,
        running(
            server.client(),
            lambda manager: endpoint_slice.setup(manager, config),
            lambda manager: endpoints.setup(manager, config),
        ),
    ):
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        await client.create(NODE_KIND, {"metadata": {"name": "n1"}})
        made = service(selector={"app": "web"}, ip="10.43.0.50")
        made["metadata"]["namespace"] = "default"
        await client.create(SERVICES, made, "default")
        selector = "kubernetes.io/service-name=web"

        async def addresses() -> tuple[list[str], list[str]]:
            parts = await client.list(ENDPOINT_SLICES, "default", label_selector=selector)
            legacy = await client.list(ENDPOINTS, "default", field_selector="metadata.name=web")
            return (
                [e["addresses"][0] for part in parts["items"] for e in part.get("endpoints") or ()],
                [a["ip"] for it in legacy["items"] for s in it.get("subsets") or () for a in s["addresses"]],
            )

        for number in (1, 2):
            one = backend(number)
            status = one.pop("status")
            del one["metadata"]["uid"]
            await client.create(PODS, one, "default")
            name = one["metadata"]["name"]
            await client.patch(PODS, name, {"status": status}, "default", subresource="status")
        both = ["10.42.0.1", "10.42.0.2"]

        async def are(wanted: list[str]) -> bool:
            return [sorted(found) for found in await addresses()] == [wanted, wanted]

        await eventually(lambda: are(both))
        await client.delete(PODS, "web-001", "default", grace_period_seconds=0)
        await eventually(lambda: are(both[1:]))
        await client.delete(SERVICES, "web", "default")

        async def gone() -> bool:
            return not (await client.list(ENDPOINTS, "default", field_selector="metadata.name=web"))["items"]

        await eventually(gone)


async def test_a_service_of_both_families_has_slices_of_both_while_it_is_one(tmp_path: Path) -> None:
    config, ranges = ControllersConfig(), ("10.43.0.0/16", "fd00:43::/112")
    async with (
        api_server(tmp_path, service_cidr=ranges) as server,
        running(
            server.client(),
            lambda manager: endpoint_slice.setup(manager, config),
            lambda manager: endpoints.setup(manager, config),
        ),
    ):
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        await client.create(NODE_KIND, {"metadata": {"name": "n1"}})
        one = backend(1, ips=["10.42.0.1", "fd00:42::1"])
        status = one.pop("status")
        del one["metadata"]["uid"]
        await client.create(PODS, one, "default")
        await client.patch(PODS, "web-001", {"status": status}, "default", subresource="status")
        made = service(selector={"app": "web"}, ip="fd00:43::50", ipFamilyPolicy="PreferDualStack")
        made["metadata"]["namespace"] = "default"
        await client.create(SERVICES, made, "default")

        async def addresses() -> dict[str, list[str]]:
            selector = "kubernetes.io/service-name=web"
            parts = await client.list(ENDPOINT_SLICES, "default", label_selector=selector)
            return {
                part["addressType"]: [e["addresses"][0] for e in part.get("endpoints") or ()]
                for part in parts["items"]
            }

        async def are(wanted: dict[str, list[str]]) -> bool:
            return await addresses() == wanted

        await eventually(lambda: are({"IPv6": ["fd00:42::1"], "IPv4": ["10.42.0.1"]}))
        legacy = await client.get(ENDPOINTS, "web", "default")
        assert [a["ip"] for s in legacy["subsets"] for a in s["addresses"]] == ["fd00:42::1"]
        await client.patch(SERVICES, "web", {"spec": {"ipFamilyPolicy": "SingleStack"}}, "default")
        await eventually(lambda: are({"IPv6": ["fd00:42::1"]}))
