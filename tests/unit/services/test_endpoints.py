from typing import Any

import pytest

from proa.kube import Object
from proa.services.endpoints import groups
from proa.services.model import Endpoint, Node
from support.service_objects import endpoint, kept_slice

NODE = Node("node", ("192.0.2.1",), "z1")
A = endpoint("10.42.1.1")
B = endpoint("10.42.2.1", "peer")
LEAVING: dict[str, Any] = {"ready": False, "terminating": True}


def zones(*names: str) -> Object:
    return {"forZones": [{"name": name} for name in names]}


def nodes(*names: str) -> Object:
    return {"forNodes": [{"name": name} for name in names]}


CASES: dict[str, tuple[list[Object], list[str], list[str]]] = {
    "ready ones, here and elsewhere": ([A, B], ["10.42.1.1", "10.42.2.1"], ["10.42.1.1"]),
    "unready ones take nothing": ([endpoint("10.42.1.1", ready=False), B], ["10.42.2.1"], []),
    "an unknown readiness counts as ready": (
        [endpoint("10.42.1.1", ready=None)],
        ["10.42.1.1"],
        ["10.42.1.1"],
    ),
    "terminating ones wait for the last ready one to end": (
        [endpoint("10.42.1.1", **LEAVING), B],
        ["10.42.2.1"],
        ["10.42.1.1"],
    ),
    "terminating ones serve when they are all": (
        [endpoint("10.42.1.1", **LEAVING), endpoint("10.42.2.1", "peer", **LEAVING)],
        ["10.42.1.1", "10.42.2.1"],
        ["10.42.1.1"],
    ),
    "terminating ones that no longer serve are gone": (
        [endpoint("10.42.1.1", serving=False, **LEAVING)],
        [],
        [],
    ),
    "the zone's own": (
        [endpoint("10.42.1.1", hints=zones("z2")), endpoint("10.42.2.1", "peer", hints=zones("z1", "z3"))],
        ["10.42.2.1"],
        ["10.42.1.1"],
    ),
    "hints that one lacks are no hints": (
        [A, endpoint("10.42.2.1", "peer", hints=zones("z1"))],
        ["10.42.1.1", "10.42.2.1"],
        ["10.42.1.1"],
    ),
    "hints that leave this zone nothing are no hints": (
        [endpoint("10.42.1.1", hints=zones("z2")), endpoint("10.42.2.1", "peer", hints=zones("z2"))],
        ["10.42.1.1", "10.42.2.1"],
        ["10.42.1.1"],
    ),
    "the node's own before the zone's": (
        [
            endpoint("10.42.1.1", hints=zones("z1") | nodes("node")),
            endpoint("10.42.2.1", "peer", hints=zones("z1") | nodes("peer")),
        ],
        ["10.42.1.1"],
        ["10.42.1.1"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_groups(name: str) -> None:
    endpoints, cluster, local = CASES[name]
    found = groups([kept_slice(endpoints)], 4, "http", NODE)
    assert [e.address for e in found.cluster] == cluster
    assert [e.address for e in found.local] == local


def test_an_endpoint_of_two_slices_counts_once_and_ready_wins() -> None:
    parts = [kept_slice([endpoint("10.42.1.1", **LEAVING)], name="old"), kept_slice([A, B])]
    assert groups(parts, 4, "http", NODE).cluster == (
        Endpoint("10.42.1.1", 8080, local=True),
        Endpoint("10.42.2.1", 8080),
    )


def test_only_slices_of_the_family_and_the_port_count() -> None:
    parts = [
        kept_slice([A], ports=[{"name": "other", "port": 1}], name="other"),
        kept_slice([endpoint("fd42::1")], kind="IPv6"),
        kept_slice([endpoint("example.org")], kind="FQDN"),
    ]
    assert groups(parts, 4, "http", NODE).cluster == ()
    assert groups(parts, 6, "http", NODE).cluster == (Endpoint("fd42::1", 8080, local=True),)


def test_pods_may_have_another_port_of_that_name_and_slices_are_many() -> None:
    parts = [
        kept_slice(
            [endpoint(f"10.42.{number}.{at}") for at in range(100)],
            ports=[{"name": "http", "port": 8080 + number}],
            name=f"web-{number}",
        )
        for number in range(3)
    ]
    found = groups(parts, 4, "http", NODE).cluster
    assert len(found) == 300
    assert {(e.address.split(".")[2], e.port) for e in found} == {("0", 8080), ("1", 8081), ("2", 8082)}
