"""Flows that go on to where they no longer should: UDP has no end that would free them.

A client that keeps its socket keeps its translation. When the endpoints of a UDP frontend change,
its flows to endpoints that left, and those that were never translated, are forgotten; the next
packet then meets the new rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address

from proa.kernel import conntrack
from proa.kernel.conntrack import UDP, Flow
from proa.kernel.netlink import Netlink
from proa.services.model import Action, Address, Frontend
from proa.services.table import Change


def cut(changes: Iterable[Change]) -> None:
    """Forgets the stale UDP flows of changed frontends; raises KernelError."""
    datagram = {change.address: change.new for change in changes if change.address.protocol == "udp"}
    if datagram:
        with conntrack.connect() as netlink:
            netlink.execute(map(conntrack.remove, stale(_flows(netlink, datagram), datagram)))


def stale(flows: Iterable[Flow], frontends: Mapping[Address, Frontend | None]) -> Iterator[Flow]:
    """Those of the flows to these frontends that their endpoints do not answer."""
    keep = {address: _answering(frontend) for address, frontend in frontends.items()}
    for flow in flows:
        asked = Address(str(flow.original.destination), "udp", flow.original.destination_port)
        answers = (str(flow.reply.source), flow.reply.source_port)
        if asked in keep and answers not in keep[asked]:
            yield flow


def _flows(netlink: Netlink, addresses: Iterable[Address]) -> list[Flow]:
    """Flows among which those to the addresses are; the kernel walks through all it has for each listing."""
    first, *more = addresses
    if not more:
        return conntrack.flows_to(netlink, UDP, ip_address(first.ip), first.port)
    families = {address.family for address in (first, *more)}
    return [flow for family in families for flow in conntrack.flows(netlink, UDP, family)]


def _answering(frontend: Frontend | None) -> set[tuple[str, int]]:
    if frontend is None or frontend.action is not Action.FORWARD:
        return set()
    return {(e.address, e.port) for e in (*frontend.endpoints, *(frontend.outside or ()))}
