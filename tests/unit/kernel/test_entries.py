"""What changes when what is there is not what is wanted."""

from ipaddress import ip_address, ip_interface, ip_network

from proa.kernel import entries
from proa.kernel.addresses import Address
from proa.kernel.entries import Entries
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.routes import PROTOCOL, STATIC, Route

MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"


def route(text: str, index: int = 4, via: str = "10.42.1.0", protocol: int = PROTOCOL) -> Route:
    return Route(ip_network(text), index, via=ip_address(via), protocol=protocol)


def words(actual: Entries, wanted: Entries) -> list[str]:
    return [message.what for message in entries.difference(actual, wanted)]


def test_nothing_changes_when_all_is_as_wanted() -> None:
    state = Entries(routes=frozenset([route("10.42.1.0/24")]))
    assert words(state, state) == []


def test_entries_before_the_routes_that_need_them() -> None:
    wanted = Entries(
        addresses=frozenset([Address(ip_interface("10.42.0.0/32"), 4)]),
        routes=frozenset([route("10.42.1.0/24")]),
        neighbours=frozenset([Neighbour(ip_address("10.42.1.0"), MAC, 4)]),
        forwarding=frozenset([Forwarding(MAC, ip_address("10.77.0.12"), 4)]),
    )
    assert words(Entries(), wanted) == [
        "add address 10.42.0.0/32",
        f"add neighbour {MAC} at 10.42.1.0 on device 4",
        f"add forwarding entry {MAC} at 10.77.0.12 on device 4",
        "add route 10.42.1.0/24 via 10.42.1.0 on device 4",
    ]


def test_a_moved_route_is_replaced_never_removed() -> None:
    old, new = route("10.42.1.0/24"), route("10.42.1.0/24", index=2, via="10.77.0.12")
    assert words(Entries(routes=frozenset([old])), Entries(routes=frozenset([new]))) == [
        "add route 10.42.1.0/24 via 10.77.0.12 on device 2"
    ]


def test_a_new_mac_takes_the_place_of_the_old_one() -> None:
    hop = ip_address("10.42.1.0")
    old = Entries(neighbours=frozenset([Neighbour(hop, OTHER, 4)]))
    new = Entries(neighbours=frozenset([Neighbour(hop, MAC, 4)]))
    assert words(old, new) == [f"add neighbour {MAC} at 10.42.1.0 on device 4"]


def test_what_nobody_wants_goes() -> None:
    state = Entries(routes=frozenset([route("10.42.1.0/24"), route("10.42.2.0/24")]))
    assert words(state, Entries(routes=frozenset([route("10.42.1.0/24")]))) == [
        "delete route 10.42.2.0/24 via 10.42.1.0 on device 4"
    ]


def test_owned_leaves_out_what_others_made() -> None:
    ours, theirs = route("10.42.1.0/24"), route("10.9.0.0/16", protocol=STATIC)
    held = Address(ip_interface("10.42.0.0/32"), 4)
    other, automatic = Address(ip_interface("192.0.2.2/24"), 2), Address(ip_interface("fe80::1/64"), 4)
    everything = Entries(frozenset([held, other, automatic]), frozenset([ours, theirs]))
    assert entries.owned(everything, {4}) == Entries(frozenset([held]), frozenset([ours]))
