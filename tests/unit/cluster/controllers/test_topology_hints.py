"""Which zone an endpoint is hinted to."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.controllers.service_pods import ZONE, Backend
from proa.cluster.controllers.topology_hints import hints, zone_shares
from proa.kube import Object
from support.objects import node, pod

AUTO = {"metadata": {"annotations": {"service.kubernetes.io/topology-mode": "Auto"}}, "spec": {}}


def zoned(name: str, zone: str, cpu: str = "2", **labels: str) -> Object:
    made = node(name, labels=({ZONE: zone} if zone else {}) | labels)
    made["status"] = {
        "allocatable": {"cpu": cpu},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    return made


def backends(**zones: int) -> list[Backend]:
    places = [zone for zone, count in zones.items() for _ in range(count)]
    return [
        Backend(pod(f"p{at}"), f"10.0.0.{at}", (), True, True, False, "", f"n-{zone}", zone)
        for at, zone in enumerate(places)
    ]


def per_zone(found: dict[str, Object]) -> Counter[str]:
    return Counter(entry["forZones"][0]["name"] for entry in found.values())


NODES = {"a": zoned("a", "a"), "b": zoned("b", "b")}
CASES: dict[str, tuple[list[Backend], dict[str, Object], dict[str, int]]] = {
    "even": (backends(a=3, b=3), NODES, {"a": 3, "b": 3}),
    "one zone lends to the other": (backends(a=5, b=1), NODES, {"a": 3, "b": 3}),
    "by CPUs": (backends(a=6, b=3), NODES | {"a": zoned("a", "a", "4")}, {"a": 6, "b": 3}),
    "too few endpoints": (backends(a=2, b=3), NODES, {}),
    "one zone": (backends(a=6), {"a": zoned("a", "a")}, {}),
    "a node without a zone": (backends(a=3, b=3), NODES | {"c": zoned("c", "")}, {}),
    "an endpoint in a zone without nodes": (backends(a=5, z=3), NODES, {}),
}


@pytest.mark.parametrize(("found", "nodes", "wanted"), CASES.values(), ids=CASES.keys())
def test_zones_get_endpoints_by_their_cpus(
    found: list[Backend], nodes: dict[str, Object], wanted: dict[str, int]
) -> None:
    assert per_zone(hints(AUTO, found, nodes)) == wanted


def test_the_control_plane_has_no_share() -> None:
    nodes = [zoned("a", "a"), zoned("b", "b", **{"node-role.kubernetes.io/control-plane": ""})]
    assert zone_shares(nodes) == {"a": 1.0}


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 4), st.integers(1, 4))
def test_all_endpoints_are_hinted_or_none_and_none_bears_a_fifth_too_much(
    a: int, b: int, cpus_a: int, cpus_b: int
) -> None:
    nodes = {"a": zoned("a", "a", str(cpus_a)), "b": zoned("b", "b", str(cpus_b))}
    found = hints(AUTO, backends(a=a, b=b), nodes)
    assert len(found) in (0, a + b)
    shares = zone_shares(nodes.values())
    for zone, count in per_zone(found).items():
        assert shares[zone] * (a + b) / count <= 1.2 + 1e-9


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("PreferSameZone", {"forZones": [{"name": "a"}]}),
        ("PreferClose", {"forZones": [{"name": "a"}]}),
        ("PreferSameNode", {"forZones": [{"name": "a"}], "forNodes": [{"name": "n-a"}]}),
    ],
)
def test_a_distribution_hints_each_endpoint_to_its_own_place(wanted: str, expected: Any) -> None:
    service: Object = {"metadata": {}, "spec": {"trafficDistribution": wanted}}
    assert hints(service, backends(a=1), NODES) == {"10.0.0.0": expected}
