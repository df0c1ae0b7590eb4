"""The DNS server of one node: watches Services, keeps the zone, listens.

It answers from memory: an API server that is down changes nothing but that news wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Iterable, Sequence

from proa.cluster.dns import metrics
from proa.cluster.dns.clients import Clients
from proa.cluster.dns.config import DnsConfig
from proa.cluster.dns.forwarder import Forwarder
from proa.cluster.dns.listeners import DatagramListener, StreamListener
from proa.cluster.dns.records import records
from proa.cluster.dns.resolvers import upstreams
from proa.cluster.dns.responder import Responder
from proa.cluster.dns.sockets import Bound, bind
from proa.cluster.dns.zone import Zone
from proa.kernel import kept_sockets
from proa.kube import ENDPOINT_SLICES, NODES, SERVICES, Manager, Object, key_of, labels_of
from proa.kube.slim import slim_node, slim_service, slim_slice

_log = logging.getLogger(__name__)

_SERVICE_NAME = "kubernetes.io/service-name"
_BY_SERVICE = "service"
_PATIENCE = 3.0
"""Seconds for which questions wait at the start until all names are known; then SERVFAIL."""
_TAKEN = 2.0
"""Seconds until an address that could not be listened on is tried again."""
_RESOLVERS_AGE = 5.0
"""Seconds after which the host's resolvers are read again."""


class DnsServer:
    """Answers for the cluster's domain, and passes on everything else; the manager runs what it watches."""

    def __init__(self, manager: Manager, config: DnsConfig) -> None:
        self.ready = asyncio.Event()
        """Set when all names are known."""
        self._config = config
        self._services = manager.informer(SERVICES, keep=slim_service)
        self._slices = manager.informer(ENDPOINT_SLICES, keep=slim_slice)
        self._slices.add_index(_BY_SERVICE, _service_keys)
        self._nodes = manager.informer(NODES, keep=slim_node)
        self._zone = Zone(config.domain, config.service_addresses)
        self._forwarder = Forwarder(self._upstreams)
        self._resolvers: tuple[float, Sequence[str]] = (-_RESOLVERS_AGE, ())
        self._responder = Responder(self._zone, self._forwarder)
        self._clients = Clients(config.cluster_cidrs)
        self._clients.set_nodes(config.addresses)

    async def run(self) -> None:
        """Works until cancelled; an address that cannot be listened on is tried again."""
        self._follow()
        async with contextlib.AsyncExitStack() as stack:
            listeners = await self._bind(stack)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._synced()
            for datagrams, streams in listeners:
                datagrams.start()
                await streams.start()
            await self._synced()
            self._responder.synced = True
            self.ready.set()
            _log.info("DNS knows %d questions of %s", len(self._zone.answers), self._config.domain)
            await asyncio.Event().wait()

    async def _synced(self) -> None:
        for informer in (self._services, self._slices, self._nodes):
            await informer.wait_synced()

    async def _bind(self, stack: contextlib.AsyncExitStack) -> list[tuple[DatagramListener, StreamListener]]:
        """Listeners of all addresses; from now on questions wait for them instead of being refused."""
        config, kept = self._config, kept_sockets.take()
        listeners = []
        for address in config.addresses:
            while (bound := _try_to_bind(address, config.port, kept)) is None:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(_TAKEN)
            given = (self._responder, self._clients)
            both = (DatagramListener(*given, bound.datagrams), StreamListener(*given, bound.streams))
            for listener in both:
                stack.callback(listener.close)
            listeners.append(both)
        for other in kept.values():
            other.close()
        if config.metrics_port:
            await self._serve_metrics(stack)
        return listeners

    async def _serve_metrics(self, stack: contextlib.AsyncExitStack) -> None:
        cache, port = self._forwarder.cache, self._config.metrics_port
        try:
            runner = await metrics.serve(self._responder, lambda: len(cache), port)
        except OSError as taken:
            _log.warning("DNS: no metrics on port %d: %s", port, taken.strerror)
        else:
            stack.push_async_callback(runner.cleanup)

    def _follow(self) -> None:
        self._services.on_change(lambda old, new: self._update(key_of(_either(old, new))))
        self._slices.on_change(self._slice_changed)
        self._nodes.on_change(lambda *_: self._clients.set_nodes(self._node_addresses()))

    def _slice_changed(self, old: Object | None, new: Object | None) -> None:
        for key in {*_service_keys(old), *_service_keys(new)}:
            service = self._services.get(key)
            if service and service["spec"].get("clusterIP") == "None":
                self._update(key)

    def _update(self, key: str) -> None:
        service = self._services.get(key)
        try:
            found = (
                records(service, self._slices.by_index(_BY_SERVICE, key), self._config.domain)
                if service
                else {}
            )
            self._zone.update(key, found)
        except (KeyError, TypeError, ValueError):
            _log.exception("DNS: Service %s is left out", key)  # one broken object must not stop the others

    def _node_addresses(self) -> Iterable[str]:
        yield from self._config.addresses
        for node in self._nodes.list():
            for address in (node.get("status") or {}).get("addresses") or ():
                if address["type"] in ("InternalIP", "ExternalIP"):
                    yield address["address"]

    def _upstreams(self) -> Sequence[str]:
        read, found = self._resolvers
        if time.monotonic() - read >= _RESOLVERS_AGE:
            besides = {*self._config.addresses, *self._config.service_addresses}
            found = upstreams(self._config.resolv_conf, besides)
            self._resolvers = (time.monotonic(), found)
        return found


def _try_to_bind(address: str, port: int, kept: dict[str, socket.socket]) -> Bound | None:
    """None when the address cannot be listened on; it may come later, or its port may be in use."""
    try:
        return bind(address, port, kept)
    except OSError as fault:
        _log.warning("DNS: cannot listen on %s port %d, trying again: %s", address, port, fault.strerror)
        return None


def _either(old: Object | None, new: Object | None) -> Object:
    found = new or old
    assert found is not None
    return found


def _service_keys(part: Object | None) -> Iterable[str]:
    name = labels_of(part).get(_SERVICE_NAME) if part else None
    return (f"{part['metadata']['namespace']}/{name}",) if part and name else ()
