"""IPAddress objects, and ranges that come and go, on a real API server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.services import ranges
from proa.cluster.controllers import ControllersConfig, service_cidr
from proa.errors import Invalid, NotFound, UserError
from proa.kube import ENDPOINT_SLICES, SERVICES, Client, Object
from proa.kube.resources import IP_ADDRESSES, SERVICE_CIDRS
from support.server import api_server, eventually, running

BOTH = ("10.43.0.0/16", "fd00:43::/112")


def service(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


def ip_address(name: str, **labels: str) -> Object:
    parent = {"group": "example.com", "resource": "gateways", "name": "g"}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"parentRef": parent}}


def range_of(name: str, *cidrs: str, **metadata: Any) -> Object:
    return {"metadata": {"name": name, **metadata}, "spec": {"cidrs": list(cidrs)}}


async def make(client: Client, name: str, **spec: Any) -> list[str]:
    made = await client.create(SERVICES, service(name, **spec), "default")
    return list(made["spec"]["clusterIPs"])


async def parents(client: Client) -> dict[str, str]:
    """What each address is of."""
    found = (await client.list(IP_ADDRESSES))["items"]
    return {each["metadata"]["name"]: each["spec"]["parentRef"]["name"] for each in found}


async def are_held(client: Client, wanted: dict[str, str]) -> None:
    async def so() -> bool:
        return await parents(client) == {"10.43.0.1": "kubernetes"} | wanted

    await eventually(so, f"{wanted} but {await parents(client)}")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with api_server(tmp_path, service_cidr=BOTH) as server:
        yield server.client()


async def test_addresses_have_objects_as_long_as_their_service(client: Client) -> None:
    four, six = await make(client, "a", ipFamilyPolicy="RequireDualStack")
    await are_held(client, {four: "a", six: "a"})
    await client.patch(SERVICES, "a", {"spec": {"ipFamilyPolicy": "SingleStack"}}, "default")
    await are_held(client, {four: "a"})
    await client.patch(SERVICES, "a", {"spec": {"type": "ExternalName", "externalName": "x.y"}}, "default")
    await are_held(client, {})


async def test_an_object_that_is_deleted_or_changed_is_made_again(client: Client) -> None:
    (address,) = await make(client, "a", clusterIP="10.43.0.9")
    await are_held(client, {address: "a"})
    first = await client.get(IP_ADDRESSES, address)
    await client.delete(IP_ADDRESSES, address)
    await are_held(client, {address: "a"})
    await client.patch(IP_ADDRESSES, address, {"metadata": {"labels": None}})

    async def labelled() -> bool:
        try:
            current = await client.get(IP_ADDRESSES, address)
        except NotFound:
            return False
        return bool(current["metadata"].get("labels") == first["metadata"]["labels"])

    await eventually(labelled)


async def test_an_object_of_ours_without_a_service_goes(client: Client) -> None:
    managed = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    await client.create(IP_ADDRESSES, ip_address("10.43.0.66", **managed))
    await are_held(client, {})
    assert await make(client, "a", clusterIP="10.43.0.66") == ["10.43.0.66"]


async def test_what_was_left_by_a_crash_is_put_right_at_the_start(tmp_path: Path) -> None:
    async with api_server(tmp_path, service_cidr=BOTH) as server:
        await make(server.client(), "a", clusterIP="10.43.0.9")
        await are_held(server.client(), {"10.43.0.9": "a"})
        await _write_behind_its_back(server)
    async with api_server(tmp_path, service_cidr=BOTH) as server:
        await are_held(server.client(), {"10.43.0.9": "a"})


async def _write_behind_its_back(server: ApiServer) -> None:
    """Lose one object and invent another, as when the server ended between two writes."""
    for task in server._tasks:
        task.cancel()
    await server.client().delete(IP_ADDRESSES, "10.43.0.9")
    managed = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    await server.client().create(IP_ADDRESSES, ip_address("10.43.0.67", **managed))


async def test_a_cluster_gets_a_second_family(tmp_path: Path) -> None:
    async with api_server(tmp_path, service_cidr=BOTH[:1]) as server:
        (before,) = await make(server.client(), "a", ipFamilyPolicy="PreferDualStack")
    async with api_server(tmp_path, service_cidr=BOTH) as server:
        client = server.client()
        await client.patch(SERVICES, "a", {"metadata": {"labels": {"x": "y"}}}, "default")
        as_it_was = await client.get(SERVICES, "a", "default")
        assert as_it_was["spec"]["clusterIPs"] == [before]
        both = await client.patch(SERVICES, "a", {"spec": {"ipFamilyPolicy": "RequireDualStack"}}, "default")
        assert [ranges.family_of(each) for each in both["spec"]["clusterIPs"]] == ["IPv4", "IPv6"]


async def test_a_full_range_is_extended(tmp_path: Path) -> None:
    async with api_server(tmp_path, service_cidr=("10.43.0.0/29",)) as server:
        client = server.client()
        for number in range(5):
            await make(client, f"s{number}")
        async with running(client, lambda manager: service_cidr.setup(manager, ControllersConfig())):
            await client.create(SERVICE_CIDRS, range_of("more", "10.44.0.0/28"))

            async def one_more() -> bool:
                return (await make(client, "one-more"))[0].startswith("10.44.0.")

            await eventually(one_more)


async def test_a_range_in_use_stays_until_its_last_service_has_gone(client: Client) -> None:
    async with running(client, lambda manager: service_cidr.setup(manager, ControllersConfig())):
        await client.create(SERVICE_CIDRS, range_of("more", "10.44.0.0/28"))

        async def ready() -> Object:
            found = (await client.get(SERVICE_CIDRS, "more")).get("status") or {}
            return next(iter(found.get("conditions") or ()), {})

        await eventually(ready)
        await make(client, "a", clusterIP="10.44.0.5")
        await client.delete(SERVICE_CIDRS, "more")

        async def in_use() -> bool:
            return (await ready()).get("reason") == "Terminating"

        await eventually(in_use)
        with pytest.raises(Invalid, match="does not match the current range"):
            await make(client, "b", clusterIP="10.44.0.6")
        await client.delete(SERVICES, "a", "default")

        async def gone() -> bool:
            return len((await client.list(SERVICE_CIDRS))["items"]) == 1

        await eventually(gone)


async def test_the_server_is_reached_in_the_primary_family(tmp_path: Path) -> None:
    six_first = BOTH[::-1]
    with pytest.raises(UserError, match=r"127.0.0.1 is of IPv4, and the first --service-cidr of IPv6"):
        async with api_server(tmp_path, service_cidr=six_first):
            pass
    async with api_server(tmp_path / "b", service_cidr=six_first, advertise_address="::1") as server:
        own = await server.client().get(SERVICES, "kubernetes", "default")
        part = await server.client().get(ENDPOINT_SLICES, "kubernetes", "default")
        assert (own["spec"]["clusterIPs"], part["addressType"]) == (["fd00:43::1"], "IPv6")


def test_networks_are_of_one_family_each_once_and_the_clusters_own_first() -> None:
    leaving = range_of("leaving", "10.45.0.0/24", deletionTimestamp="2026-01-01T00:00:00Z")
    unready = range_of("unready", "10.46.0.0/24") | {
        "status": {"conditions": [{"type": "Ready", "status": "False"}]}
    }
    found = [range_of("a", "10.44.0.0/24", "fd44::/112"), range_of("kubernetes", *BOTH), leaving, unready]
    assert list(ranges.networks([*found, range_of("b", "10.44.0.0/24")], "IPv4")) == [BOTH[0], "10.44.0.0/24"]
    assert list(ranges.networks(found, "IPv6")) == [BOTH[1], "fd44::/112"]


@pytest.mark.parametrize(
    ("cidr", "wanted"),
    [
        ("10.43.0.0/16", ("10.43.0.1", "10.43.255.254", "10.43.1.1")),
        ("10.43.0.0/24", ("10.43.0.1", "10.43.0.254", "10.43.0.17")),
        ("10.43.0.0/29", ("10.43.0.1", "10.43.0.6", "10.43.0.1")),
        ("fd00:43::/112", ("fd00:43::1", "fd00:43::ffff", "fd00:43::101")),
        ("::/64", ("::1", "::ffff:ffff:ffff:ffff", "::101")),
    ],
)
def test_the_numbers_of_a_network(cidr: str, wanted: tuple[str, str, str]) -> None:
    family = ranges.family_of(cidr)
    assert tuple(ranges.address_text(number, family) for number in ranges.span(cidr)) == wanted


def test_a_range_that_another_covers_is_not_needed() -> None:
    services = [service("a", clusterIPs=["10.44.0.5", "fd44::5"]), service("h", clusterIPs=["None"])]
    own, other = range_of("own", "10.44.0.0/28"), range_of("other", "10.44.0.0/24")
    assert service_cidr.depends_on(own, [], services)
    assert not service_cidr.depends_on(own, [other], services)
    assert not service_cidr.depends_on(range_of("own", "10.45.0.0/28"), [], services)
