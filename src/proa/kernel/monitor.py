"""Notifications: what somebody changed in links, addresses, routes, neighbours or nftables.

A monitor only tells that something happened; whoever listens reads the state and repairs it.
Source: rtnetlink(7), linux/netfilter/nfnetlink.h.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Collection

from proa.kernel import addresses, links, neighbours, routes
from proa.kernel.netlink import NETLINK_NETFILTER, Answer, Netlink, attributes, text

_GROUP_NFTABLES = 7
_GROUPS = (1, 3, 5, 7, 9, 11)  # links, neighbours, IPv4 addresses and routes, IPv6 addresses and routes
_NFTABLES, _NFTA_TABLE_NAME, _NFGENMSG = 10 << 8, 1, 4
_NFT_DELETIONS = {_NFTABLES | deletion for deletion in (2, 5, 8)}  # table, chain, rule

Filter = Callable[[Answer], bool]


def concerns_devices(
    answer: Answer, *, names: Collection[str], own: Collection[int], below: Collection[int]
) -> bool:
    """Whether a notification is about our devices (`names`, indexes `own`), those below, or a lost route.

    Neighbours of the devices below change all the time and are nobody's concern.
    """
    kind = answer.kind
    if kind in {links.RTM_NEWLINK, links.RTM_DELLINK}:
        link = links.parse(answer)
        return link.name in names or link.index in below
    if kind in {addresses.RTM_NEWADDR, addresses.RTM_DELADDR}:
        index = addresses.parse(answer).index
        return index in own or index in below
    if kind in {neighbours.RTM_NEWNEIGH, neighbours.RTM_DELNEIGH}:
        return neighbours.device_of(answer) in own
    if kind == routes.RTM_DELROUTE:
        route = routes.parse(answer)
        return route is not None and route.protocol == routes.PROTOCOL
    return False


def concerns_table(answer: Answer, *, table: str) -> bool:
    """Whether a notification says that something was deleted from the nftables table `table`."""
    if answer.kind not in _NFT_DELETIONS:
        return False
    return text(attributes(answer.body, _NFGENMSG).get(_NFTA_TABLE_NAME, b"")) == table


class Monitor:
    """Calls `notify` in the event loop when a notification passes `concerns`."""

    def __init__(self, netlink: Netlink, concerns: Filter, notify: Callable[[], None]) -> None:
        self._netlink = netlink
        self._concerns = concerns
        self._notify = notify
        asyncio.get_running_loop().add_reader(netlink.fileno(), self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._netlink.fileno())
        self._netlink.close()

    def _read(self) -> None:
        try:
            answers = self._netlink.receive()
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # EAGAIN: nothing there after all
                return
            self._notify()  # the kernel dropped notifications: assume the worst
            return
        if any(map(self._concerns, answers)):
            self._notify()


def watch_devices(concerns: Filter, notify: Callable[[], None]) -> Monitor:
    """Watches links, addresses, routes and neighbours of the calling thread's namespace."""
    return Monitor(Netlink(groups=_GROUPS), concerns, notify)


def watch_nftables(concerns: Filter, notify: Callable[[], None]) -> Monitor:
    """Watches nftables of the calling thread's namespace."""
    return Monitor(Netlink(NETLINK_NETFILTER, groups=[_GROUP_NFTABLES]), concerns, notify)
