"""Service addresses in a running server: what is followed, and what is kept right by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from proa.cluster.apiserver.following import Follower
from proa.cluster.apiserver.services.allocator import ServiceAllocator
from proa.cluster.apiserver.services.ip_addresses import IpAddresses, addresses_of, tells_the_truth
from proa.cluster.apiserver.view import View
from proa.kube import Client, Controller
from proa.kube.resources import IP_ADDRESSES, SERVICE_CIDRS, SERVICES, Object


class ServiceRoom:
    """The allocator with all that follows its Services, addresses and ranges; runs in the server's loop."""

    def __init__(self, allocator: ServiceAllocator, view: View, client: Client) -> None:
        self._allocator = allocator
        self._view = view
        addresses = IpAddresses(client, view, allocator.holder)
        self._addresses = Controller("ip-addresses", addresses, sources=())
        self._followers = (
            Follower(view.store, SERVICE_CIDRS, allocator.observe_range),
            Follower(view.store, SERVICES, self._service_changed),
            Follower(view.store, IP_ADDRESSES, self._address_changed),
        )

    def tasks(self) -> Sequence[asyncio.Task[None]]:
        """Follow the store from now on."""
        loop = asyncio.get_running_loop()
        return [loop.create_task(part.run()) for part in (*self._followers, self._addresses)]

    def _service_changed(self, now: Object | None, before: Object | None) -> None:
        self._allocator.observe(now, before)
        held, given_up = set(addresses_of(now)), set(addresses_of(before))
        new = {each for each in held - given_up if not self._view.exists(IP_ADDRESSES, each)}
        for address in new | (given_up - held):
            self._addresses.queue.add(address)

    def _address_changed(self, now: Object | None, before: Object | None) -> None:
        self._allocator.observe_address(now, before)
        address = (now or before or {})["metadata"]["name"]
        if now is None or not tells_the_truth(now, self._allocator.holder(address)):
            self._addresses.queue.add(address)
