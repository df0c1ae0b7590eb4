"""Which notifications matter."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from proa.kernel import addresses, links, monitor, neighbours, routes
from proa.kernel.addresses import Address
from proa.kernel.links import Link
from proa.kernel.neighbours import Neighbour
from proa.kernel.netlink import Answer, Message, attribute
from proa.kernel.routes import STATIC, Route

NETWORK = ip_network("10.42.1.0/24")


HELD = Address(ip_interface("10.0.0.1/8"), 4)
ELSEWHERE = Address(ip_interface("10.0.0.1/8"), 9)
NEIGHBOUR = Neighbour(ip_address("10.0.0.1"), "02:00:00:00:00:01", 4)
CASES = {
    "our device": (links.create(Link("proa-vxlan", "vxlan")), links.RTM_DELLINK, True),
    "another device": (links.create(Link("docker0", "bridge")), links.RTM_DELLINK, False),
    "device below": (links.change(Link("eth0"), 2), links.RTM_NEWLINK, True),
    "our address": (addresses.add(HELD), addresses.RTM_DELADDR, True),
    "another address": (addresses.add(ELSEWHERE), addresses.RTM_DELADDR, False),
    "our route lost": (routes.add(Route(NETWORK, 9)), routes.RTM_DELROUTE, True),
    "our route made": (routes.add(Route(NETWORK, 9)), routes.RTM_NEWROUTE, False),
    "another route": (routes.add(Route(NETWORK, 9, protocol=STATIC)), routes.RTM_DELROUTE, False),
    "our neighbour": (neighbours.add(NEIGHBOUR), neighbours.RTM_DELNEIGH, True),
    "neighbour below": (neighbours.add(replace(NEIGHBOUR, index=2)), neighbours.RTM_NEWNEIGH, False),
    "address below": (addresses.add(replace(HELD, index=2)), addresses.RTM_DELADDR, True),
}


@pytest.mark.parametrize(("message", "kind", "expected"), CASES.values(), ids=CASES.keys())
def test_device_notifications(message: Message, kind: int, *, expected: bool) -> None:
    answer = Answer(kind, 0, message.body)
    found = monitor.concerns_devices(answer, names={"proa-vxlan"}, own={4}, below={2})
    assert found is expected


@pytest.mark.parametrize(
    ("message", "table", "expected"),
    [(2, "proa", True), (8, "proa", True), (2, "filter", False), (6, "proa", False)],
    ids=["table deleted", "rule deleted", "another table", "rule added"],
)
def test_nftables_notifications(message: int, table: str, *, expected: bool) -> None:
    answer = Answer(10 << 8 | message, 0, bytes(4) + attribute(1, table))
    assert monitor.concerns_table(answer, table="proa") is expected
