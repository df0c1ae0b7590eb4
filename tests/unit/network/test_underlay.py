"""Which device carries traffic between nodes."""

from ipaddress import ip_address, ip_interface

import pytest

from proa.errors import UserError
from proa.kernel import routes
from proa.kernel.addresses import Address
from proa.kernel.links import Link
from proa.kernel.routes import Route
from proa.network import underlay

LINKS = [
    Link("lo", index=1, mtu=65536), Link("docker0", index=2, mtu=1500), Link("eth0", index=3, mtu=9000),
    Link("eth1", index=4, mtu=1500), Link("proa-vxlan", index=5, mtu=1450),
]  # fmt: skip
HELD = [
    Address(ip_interface(text), index)
    for text, index in (
        ("127.0.0.1/8", 1), ("10.42.0.0/32", 5), ("172.17.0.1/16", 2), ("192.0.2.2/24", 3), ("10.0.0.4/8", 4)
    )
]  # fmt: skip
DEFAULT = [Route(routes.default(4), 3, via=ip_address("192.0.2.1"))]


def test_default_route_wins() -> None:
    found = underlay.choose(LINKS, HELD, DEFAULT, 4)
    assert (found.name, found.index, found.mtu, str(found.interface)) == ("eth0", 3, 9000, "192.0.2.2/24")


def test_without_default_route_the_first_in_use() -> None:
    assert underlay.choose(LINKS, HELD, [], 4).name == "docker0"


def test_interface_and_node_ip_choose() -> None:
    assert underlay.choose(LINKS, HELD, DEFAULT, 4, interface="eth1").interface == ip_interface("10.0.0.4/8")
    assert underlay.choose(LINKS, HELD, DEFAULT, 4, node_ips=[ip_address("10.0.0.4")]).name == "eth1"


@pytest.mark.parametrize(
    ("interface", "node_ip", "message"),
    [
        ("eth9", None, "--flannel-iface eth9: there is no such device"),
        ("", "10.9.9.9", "--node-ip 10.9.9.9: no network device has this address"),
        ("eth0", "10.0.0.4", "--node-ip 10.0.0.4 is not an address of --flannel-iface eth0"),
    ],
)
def test_what_does_not_fit_is_named(interface: str, node_ip: str | None, message: str) -> None:
    given = [ip_address(node_ip)] if node_ip else []
    with pytest.raises(UserError, match=message):
        underlay.choose(LINKS, HELD, DEFAULT, 4, interface=interface, node_ips=given)


def test_machine_without_addresses() -> None:
    with pytest.raises(UserError, match="give one with --node-ip"):
        underlay.choose(LINKS, HELD[:2], [], 4)


HELD6 = [
    Address(ip_interface(text), index)
    for text, index in (
        ("::1/128", 1), ("fd42:0:0:1::/128", 5), ("fe80::3/64", 3), ("fd99::3/64", 3), ("fe80::4/64", 4),
        ("fd98::4/64", 4),
    )
]  # fmt: skip
DEFAULT6 = [Route(routes.default(6), 4, via=ip_address("fe80::1"))]


def test_each_family_has_its_own_default_route() -> None:
    held, ways = [*HELD, *HELD6], [*DEFAULT, *DEFAULT6]
    found = [underlay.choose(LINKS, held, ways, version) for version in (4, 6)]
    assert [(it.name, str(it.interface)) for it in found] == [
        ("eth0", "192.0.2.2/24"),
        ("eth1", "fd98::4/64"),
    ]


def test_each_family_has_its_own_node_ip() -> None:
    given = [ip_address("fd99::3"), ip_address("10.0.0.4")]
    found = [underlay.choose(LINKS, [*HELD, *HELD6], DEFAULT6, version, node_ips=given) for version in (4, 6)]
    assert [(it.name, it.version) for it in found] == [("eth1", 4), ("eth0", 6)]


@pytest.mark.parametrize("interface", ["", "eth0"])
def test_a_link_local_address_alone_is_none(interface: str) -> None:
    with pytest.raises(UserError, match="device.* has (no|an) IPv6 address"):
        underlay.choose(LINKS, HELD6[:3], DEFAULT6, 6, interface=interface)


def test_an_address_that_lasts_comes_before_a_temporary_one() -> None:
    temporary = Address(ip_interface("fd99::f00d/64"), 3, lasting=False)
    found = underlay.choose(LINKS, [temporary, *HELD6], [], 6)
    assert str(found.interface) == "fd99::3/64"
    assert str(underlay.choose(LINKS, [temporary], [], 6).interface) == "fd99::f00d/64"
