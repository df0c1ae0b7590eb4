"""Flows that go on to where they no longer should: UDP has no end that would free them.

A client that keeps its socket keeps its translation. When the endpoints of a UDP frontend change,
its flows to endpoints that left, and those that were never translated, are forgotten; the next
packet then meets the new rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from proa.kernel import conntrack
from proa.kernel.netlink import Message, Netlink
from proa.services.model import Action, Frontend
from proa.services.table import Change


def cut(changes: Iterable[Change]) -> None:
    """Forgets the stale UDP flows of changed frontends; raises KernelError."""
    datagram = [change for change in changes if change.address.protocol == "udp"]
    if datagram:
        with conntrack.connect() as netlink:
            for change in datagram:
                netlink.execute(stale(netlink, change))


def stale(netlink: Netlink, change: Change) -> list[Message]:
    """The messages that forget the frontend's flows which its endpoints do not answer."""
    ip, _, port = change.address
    keep = _answering(change.new)
    flows = conntrack.flows_to(netlink, conntrack.UDP, ip_address(ip), port)
    return [
        conntrack.remove(flow)
        for flow in flows
        if (str(flow.reply.source), flow.reply.source_port) not in keep
    ]


def _answering(frontend: Frontend | None) -> set[tuple[str, int]]:
    if frontend is None or frontend.action is not Action.FORWARD:
        return set()
    return {(e.address, e.port) for e in (*frontend.endpoints, *(frontend.outside or ()))}
