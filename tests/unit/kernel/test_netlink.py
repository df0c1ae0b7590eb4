"""Encoding of netlink messages, without a socket."""

import errno
import struct
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.kernel import addresses, links, neighbours, routes
from proa.kernel.addresses import Address
from proa.kernel.links import Link, Vxlan
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.netlink import Answer, Message, NetlinkError, _batches, _failure, attribute, attributes
from proa.kernel.routes import Route


@given(st.dictionaries(st.integers(1, 200), st.binary(max_size=40)))
def test_attributes_come_back(values: dict[int, bytes]) -> None:
    assert attributes(b"".join(attribute(kind, value) for kind, value in values.items())) == values


def test_attribute_is_padded_to_four_bytes() -> None:
    assert attribute(3, "lo") == struct.pack("=HH", 7, 3) + b"lo\0\0"


def test_attributes_end_at_a_broken_one() -> None:
    assert attributes(attribute(1, 7) + b"\x02\x00\x05\x00") == {1: struct.pack("=I", 7)}


@pytest.mark.parametrize(
    "route",
    [
        Route(ip_network("10.42.1.0/24"), 7, via=ip_address("10.42.1.0"), onlink=True),
        Route(ip_network("10.42.1.9/32"), 7, source=ip_address("10.77.0.11")),
        Route(ip_network("10.42.1.0/24"), 0),
        Route(ip_network("0.0.0.0/0"), 3, via=ip_address("10.77.0.1"), protocol=routes.STATIC),
        Route(ip_network("fd00:42::/64"), 9, via=ip_address("fd00::2")),
    ],
    ids=lambda route: str(route.destination),
)
def test_route_is_read_as_it_is_written(route: Route) -> None:
    message = routes.add(route)
    assert routes.parse(Answer(message.kind, 0, message.body)) == route


def test_route_of_another_table_is_not_ours() -> None:
    body = bytearray(routes.add(Route(ip_network("10.0.0.0/8"), 1)).body)
    body[4] = 255  # the table "local"
    assert routes.parse(Answer(routes.RTM_NEWROUTE, 0, bytes(body))) is None


@pytest.mark.parametrize("text", ["10.42.0.0/32", "10.77.0.11/24", "fd00::1/64"])
def test_address_is_read_as_it_is_written(text: str) -> None:
    address = Address(ip_interface(text), 5)
    message = addresses.add(address)
    assert addresses.parse(Answer(message.kind, 0, message.body)) == address


def test_vxlan_device_is_read_as_it_is_written() -> None:
    vxlan = Vxlan(1, 8472, IPv4Address("10.77.0.11"), link=2)
    device = Link("proa-vxlan", "vxlan", mac="02:00:00:00:00:01", mtu=1450, vxlan=vxlan)
    message = links.create(device)
    assert links.parse(Answer(message.kind, 0, message.body)) == device


def test_forwarding_entry_says_self_and_permanent() -> None:
    entry = Forwarding("02:00:00:00:00:01", ip_address("10.77.0.12"), 4)
    family, index, state, flags, _ = struct.unpack_from("=BxxxiHBB", neighbours.add(entry).body)
    assert (family, index, state, flags) == (7, 4, 0x80, 0x02)


def test_neighbour_names_its_device() -> None:
    message = neighbours.add(Neighbour(ip_address("10.42.1.0"), "02:00:00:00:00:01", 4))
    assert neighbours.device_of(Answer(message.kind, 0, message.body)) == 4


def test_derived_mac_is_local_unicast_and_stable() -> None:
    mac = links.derived_mac("node-1")
    assert mac == links.derived_mac("node-1") != links.derived_mac("node-2")
    assert int(mac[:2], 16) & 3 == 2


def test_batches_keep_order_and_fit_a_datagram() -> None:
    messages = [Message(1, bytes([number % 256]) * 1000) for number in range(200)]
    batches = list(_batches(messages))
    assert [it for batch in batches for it in batch] == messages
    assert max(sum(len(it.body) + 16 for it in batch) for batch in batches) <= 60_000
    assert len(batches) == 4


def test_failure_says_what_was_asked_and_what_the_kernel_said() -> None:
    header = struct.pack("=iIHHII", -errno.EINVAL, 16, 0, 0, 0, 0)
    answer = Answer(2, 0x200, header + attribute(1, "Invalid prefsrc address"))
    failure = _failure(answer, Message(24, b"", what="add route 10.0.0.0/8"))
    assert str(failure) == "add route 10.0.0.0/8: Invalid prefsrc address (invalid argument)"
    assert failure.errno == errno.EINVAL


def test_missing_kind_of_device_names_the_option() -> None:
    header = struct.pack("=iIHHII", -errno.EOPNOTSUPP, 16, 0, 0, 0, 0)
    message = links.create(Link("wg0", "wireguard"))
    failure = _failure(Answer(2, 0, header), message)
    assert isinstance(failure, NetlinkError)
    lacks = "create wireguard device wg0: operation not supported; the kernel lacks CONFIG_WIREGUARD"
    assert lacks in str(failure)
