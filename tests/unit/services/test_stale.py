"""Which flows are forgotten."""

from ipaddress import ip_address

from proa.kernel.conntrack import UDP, Direction, Flow
from proa.services.model import Action, Address, Endpoint, Frontend
from proa.services.stale import stale

VIP, NODE_PORT = Address("10.43.0.50", "udp", 53), Address("192.0.2.1", "udp", 30053)
A, B = "10.42.1.1", "10.42.2.1"


def flow(asked: Address, answering: str, port: int = 5353) -> Flow:
    client = ip_address("10.42.9.9")
    to = Direction(client, 4000, ip_address(asked.ip), asked.port)
    return Flow(UDP, to, Direction(ip_address(answering), port, client, 4000), b"")


def forward(*addresses: str, outside: tuple[str, ...] = ()) -> Frontend:
    inside, others = (tuple(Endpoint(a, 5353) for a in each) for each in (addresses, outside))
    return Frontend(Action.FORWARD, inside, outside=others or None)


def test_flows_to_endpoints_that_left_are_stale() -> None:
    flows = [flow(VIP, A), flow(VIP, B), flow(VIP, A, 5354)]
    assert list(stale(flows, {VIP: forward(A)})) == flows[1:]


def test_flows_that_were_never_translated_are_stale() -> None:
    assert list(stale([flow(VIP, VIP.ip, VIP.port)], {VIP: forward(A)}))


def test_flows_to_other_addresses_are_none_of_our_business() -> None:
    others = [flow(Address("10.43.0.51", "udp", 53), B), flow(VIP._replace(port=54), B)]
    assert list(stale(others, {VIP: forward(A)})) == []


def test_each_frontend_keeps_its_own() -> None:
    flows = [flow(VIP, A), flow(NODE_PORT, A), flow(NODE_PORT, B)]
    assert list(stale(flows, {VIP: None, NODE_PORT: forward(A, outside=(B,))})) == flows[:1]


def test_of_a_frontend_that_forwards_nothing_all_are_stale() -> None:
    assert list(stale([flow(VIP, A)], {VIP: Frontend(Action.REJECT)}))
