"""Addresses and node ports of Services."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.services.pool import Pool, Span
from proa.errors import InternalError
from proa.kube import ENDPOINT_SLICES, SERVICES
from support.server import api_server

PATH = "/api/v1/namespaces/default/services"


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 12)), max_size=60))
def test_no_number_has_two_owners(steps: list[tuple[str, int]]) -> None:
    pool, owners = Pool(Span(0, 9, 4)), dict[int, str]()
    for owner, number in steps:
        if number < 0:
            picked = pool.pick(owner)
            assert (picked is None) == (len(owners) == 10)
            if picked is not None:
                assert picked not in owners
                owners[picked] = owner
        elif number <= 9 and pool.take(number, owner):
            assert owners.setdefault(number, owner) == owner
        elif owners.get(number) == owner:
            pool.release(number, owner)
            del owners[number]


async def test_the_server_is_a_service_itself(server: ApiServer) -> None:
    client = server.client()
    own = await client.get(SERVICES, "kubernetes", "default")
    slices = await client.get(ENDPOINT_SLICES, "kubernetes", "default")

    assert own["spec"]["clusterIP"] == "10.43.0.1"
    assert slices["endpoints"][0]["addresses"] == ["127.0.0.1"]
    assert slices["ports"][0]["port"] == server.port


async def test_each_service_gets_an_address_and_its_ports(http: Any) -> None:
    made = [(await http("POST", PATH, service(name, type="NodePort"))).body for name in "abc"]
    addresses = {obj["spec"]["clusterIP"] for obj in made}
    ports = {obj["spec"]["ports"][0]["nodePort"] for obj in made}

    assert len(addresses) == len(ports) == 3
    assert all(address.startswith("10.43.") for address in addresses)
    assert all(30000 <= port <= 32767 for port in ports)


async def test_headless_and_external_services_get_none(http: Any) -> None:
    headless = (await http("POST", PATH, service("h", clusterIP="None"))).body["spec"]
    external = (await http("POST", PATH, service("e", type="ExternalName", externalName="x.example"))).body[
        "spec"
    ]

    assert (headless["clusterIP"], headless["clusterIPs"]) == ("None", ["None"])
    assert "clusterIP" not in external


async def test_a_wanted_address_must_be_free_and_ours(http: Any) -> None:
    assert (await http("POST", PATH, service("a", clusterIP="10.43.0.9"))).status == 201
    taken = await http("POST", PATH, service("b", clusterIP="10.43.0.9"))
    foreign = await http("POST", PATH, service("c", clusterIP="192.0.2.1"))
    port = await http("POST", PATH, service("d", type="NodePort", ports=[{"port": 80, "nodePort": 80}]))

    assert "provided IP is already allocated" in taken.body["message"]
    assert "the provided network does not match the current range" in foreign.body["message"]
    assert "The range of valid ports is 30000-32767" in port.body["message"]
    assert {answer.status for answer in (taken, foreign, port)} == {422}


async def test_what_is_deleted_or_refused_is_free_again(http: Any) -> None:
    wanted = service("a", clusterIP="10.43.0.9")
    await http("POST", f"{PATH}?dryRun=All", wanted)
    await http("POST", PATH, wanted | {"spec": {**wanted["spec"], "ports": [{"port": -1}]}})
    assert (await http("POST", PATH, wanted)).status == 201
    await http("DELETE", f"{PATH}/a")

    assert (await http("POST", PATH, service("b", clusterIP="10.43.0.9"))).status == 201


async def test_a_replacement_keeps_address_and_ports(http: Any) -> None:
    before = (await http("POST", PATH, service("a", type="NodePort"))).body["spec"]
    after = (await http("PUT", f"{PATH}/a", service("a", type="NodePort", selector={"x": "y"}))).body["spec"]

    assert after["clusterIP"] == before["clusterIP"]
    assert after["ports"] == before["ports"]


async def test_allocations_survive_a_restart(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        await server.client().create(SERVICES, service("a", clusterIP="10.43.0.9"), "default")
    async with api_server(tmp_path) as server:
        results = await asyncio.gather(
            server.client().create(SERVICES, service("b", clusterIP="10.43.0.9"), "default"),
            return_exceptions=True,
        )

    assert "already allocated" in str(results[0])


@pytest.mark.parametrize("kind", ["ClusterIP", "ExternalName"])
async def test_another_type_keeps_nothing_that_it_does_not_need(http: Any, kind: str) -> None:
    ports = [{"name": "a", "port": 80}]
    before = await http(
        "POST", PATH, service("a", type="LoadBalancer", externalTrafficPolicy="Local", ports=ports)
    )
    change = {"spec": {"type": kind, "externalName": "example.com" if kind == "ExternalName" else None}}
    after = await http("PATCH", f"{PATH}/a", change, kind="application/merge-patch+json")
    spec = after.body["spec"]

    assert (before.body["spec"]["healthCheckNodePort"], after.status) != (0, 422)
    gone = {"healthCheckNodePort", "externalTrafficPolicy", "allocateLoadBalancerNodePorts"}
    assert not gone & spec.keys()
    assert "nodePort" not in spec["ports"][0]
    assert ("clusterIP" in spec) == ("ipFamilies" in spec) == (kind == "ClusterIP")


async def test_what_is_asked_for_with_a_type_that_has_it_not_is_refused(http: Any) -> None:
    made = (await http("POST", PATH, service("a"))).body
    spec = {"type": "ExternalName", "externalName": "example.com", "clusterIP": "10.43.0.77"}
    answer = await http("PUT", f"{PATH}/a", {**made, "spec": {**made["spec"], **spec}})

    assert answer.status == 422
    assert "may not be set for ExternalName services" in answer.body["message"]


async def test_the_range_of_addresses_is_told(server: ApiServer, http: Any) -> None:
    answer = await http("GET", "/apis/networking.k8s.io/v1/servicecidrs/kubernetes")

    assert answer.body["spec"]["cidrs"] == ["10.43.0.0/16"]
    assert answer.body["status"]["conditions"][0]["status"] == "True"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("255.255.255.255", ""),
        ("fe80::42:1dff:fe84:f9e2", ""),
        ("fe80:0::1", 'must be in canonical form ("fe80::1")'),
        ("::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address"),
        ("1.2.3", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
    ],
)
async def test_an_address_is_its_own_name(http: Any, name: str, problem: str) -> None:
    parent = {"group": "example.com", "resource": "x", "name": "y"}
    answer = await http(
        "POST", "/apis/networking.k8s.io/v1/ipaddresses",
        {"metadata": {"name": name}, "spec": {"parentRef": parent}},
    )  # fmt: skip

    assert answer.status == (422 if problem else 201)
    assert problem in answer.body.get("message", "")


async def test_a_cluster_of_one_family_says_so(http: Any) -> None:
    plain = (await http("POST", PATH, service("a", ipFamilyPolicy="PreferDualStack"))).body["spec"]
    assert (plain["ipFamilies"], plain["clusterIPs"]) == (["IPv4"], [plain["clusterIP"]])
    refused: dict[str, dict[str, Any]] = {
        "this cluster is not configured for dual-stack services": {"ipFamilyPolicy": "RequireDualStack"},
        'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster': {"ipFamilies": ["IPv6"]},
        "IPv6 is not configured on this cluster": {"clusterIP": "fd43::9"},
        "when multiple IP families are specified": {
            "ipFamilies": ["IPv4", "IPv6"],
            "ipFamilyPolicy": "SingleStack",
        },
    }
    for message, spec in refused.items():
        answer = await http("POST", PATH, service("b", **spec))
        assert (answer.status, message in answer.body["message"]) == (422, True), answer.body


async def test_a_headless_service_that_selects_nobody_may_hold_both_families(http: Any) -> None:
    spec = (await http("POST", PATH, service("h", clusterIP="None", selector=None))).body["spec"]
    assert (spec["ipFamilyPolicy"], spec["ipFamilies"]) == ("RequireDualStack", ["IPv4", "IPv6"])
    selecting = (await http("POST", PATH, service("s", clusterIP="None", selector={"a": "b"}))).body["spec"]
    assert (selecting["ipFamilyPolicy"], selecting["ipFamilies"]) == ("SingleStack", ["IPv4"])


async def test_a_port_has_one_node_port_for_all_protocols(http: Any) -> None:
    both = [{"name": n, "port": 53, "protocol": n.upper()} for n in ("udp", "tcp")]
    other = {"name": "metrics", "port": 9153}
    udp, tcp, metrics = (
        port["nodePort"]
        for port in (await http("POST", PATH, service("a", type="NodePort", ports=[*both, other]))).body[
            "spec"
        ]["ports"]
    )
    assert udp == tcp != metrics
    closed = service("b", type="LoadBalancer", allocateLoadBalancerNodePorts=False)
    assert "nodePort" not in (await http("POST", PATH, closed)).body["spec"]["ports"][0]


async def test_the_port_of_a_health_check_is_one_services_alone(http: Any) -> None:
    local: dict[str, Any] = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
    made = await http("POST", PATH, service("a", **local, healthCheckNodePort=31999))
    taken = await http("POST", PATH, service("b", **local, healthCheckNodePort=31999))
    assert (made.status, taken.status) == (201, 500)
    assert "HealthCheck NodePort 31999: provided port is already allocated" in taken.body["message"]


async def test_a_range_that_is_full_is_an_error_that_says_so(tmp_path: Path) -> None:
    async with api_server(tmp_path, service_cidr=("10.43.0.0/29",)) as server:
        client = server.client()
        for number in range(5):
            await client.create(SERVICES, service(f"s{number}"), "default")
        with pytest.raises(InternalError, match='serviceIP for Service "one-more": range is full'):
            await client.create(SERVICES, service("one-more"), "default")
