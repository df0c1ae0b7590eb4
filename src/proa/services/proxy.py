"""The service proxy of one node: watch, translate, apply the difference.

Handlers only note which Services changed; one task turns all that are noted into one transaction. It
works in the network namespace that it is started in.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterable
from functools import partial

from proa.errors import KernelError
from proa.kernel import memory, monitor
from proa.kernel.nftables import NftError
from proa.kube import ENDPOINT_SLICES, NODES, SERVICES, Manager, Object, key_of, labels_of
from proa.kube.slim import slim_node, slim_service, slim_slice
from proa.services import metrics, stale, translate
from proa.services.config import ServiceProxyConfig
from proa.services.health import HealthChecks
from proa.services.model import Frontends, HealthCheck, Node
from proa.services.rules import ServiceRules
from proa.services.table import Change, ServiceTable, Update

_log = logging.getLogger(__name__)

_ZONE = "topology.kubernetes.io/zone"
_RETRY = 1.0
"""Seconds until a declaration that the kernel refused is tried again."""


class ServiceProxy:
    """Keeps one node's Service rules equal to what the API says; the manager runs what it watches."""

    def __init__(self, manager: Manager, config: ServiceProxyConfig) -> None:
        self.ready = asyncio.Event()
        self._config = config
        self._services = manager.informer(SERVICES, keep=slim_service)
        self._slices = manager.informer(ENDPOINT_SLICES, keep=slim_slice)
        self._slices.add_index("service", _service_keys)
        self._nodes = manager.informer(NODES, keep=slim_node)
        self._table = ServiceTable(config.cluster_cidrs, config.service_cidrs)
        self._health = HealthChecks()
        self._checks: dict[str, HealthCheck] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._doubtful = True

    async def run(self) -> None:
        """Works until cancelled; the rules stay, so that Services go on while nobody runs this."""
        informers = (self._services, self._slices, self._nodes)
        with ServiceRules() as rules:
            watch = monitor.watch_nftables(partial(monitor.concerns_table, table="proa"), self._doubt)
            try:
                for informer in informers:
                    await informer.wait_synced()
                gc.freeze()  # what is known by now stays: no collection need walk through it again
                self._listen()
                await self._keep(rules)
            finally:
                watch.close()
                await self._health.close()

    def _listen(self) -> None:
        self._services.on_change(lambda old, new: self._mark(map(key_of, _present(old, new))))
        self._slices.on_change(lambda old, new: self._mark(_keys_of_slices(old, new)))
        self._nodes.on_change(self._moved)

    def _mark(self, keys: Iterable[str]) -> None:
        self._dirty.update(keys)
        self._wake.set()

    def _moved(self, old: Object | None, new: Object | None) -> None:
        (changed, *_) = _present(old, new)
        if changed["metadata"]["name"] == self._config.node_name and _zone(old) != _zone(new):
            self._mark(map(key_of, self._services.list()))

    def _doubt(self) -> None:
        self._doubtful = True
        self._wake.set()

    async def _keep(self, rules: ServiceRules) -> None:
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._pass(rules)

    async def _pass(self, rules: ServiceRules) -> None:
        with metrics.SYNC_SECONDS.time():
            dirty, self._dirty = self._dirty, set()
            update = self._table.update({key: self._translate(key) for key in dirty})
            applied = self._apply(rules, update)
        metrics.FRONTENDS.set(len(self._table))
        if not applied:
            asyncio.get_running_loop().call_later(_RETRY, self._doubt)
            return
        if not self.ready.is_set():
            memory.give_back()
            self.ready.set()
        self._cut(update.changes)
        await self._health.update(self._checks)

    def _apply(self, rules: ServiceRules, update: Update) -> bool:
        """Makes the kernel agree; whether it does now."""
        if self._doubtful and rules.intact():
            self._doubtful = False
        try:
            if not self._doubtful:
                rules.run(self._table.transaction(update))
                return True
        except NftError as fault:
            metrics.FAILURES.inc()
            _log.warning("services: rules are not as they were left, declaring all anew: %s", fault)
        try:
            rules.declare(self._table)
        except KernelError as fault:
            metrics.FAILURES.inc()
            _log.error("services: %s; next attempt in %.0f s", fault, _RETRY)
            self._doubtful = True
            return False
        self._doubtful = False
        return True

    def _cut(self, changes: Iterable[Change]) -> None:
        try:
            stale.cut(changes)
        except KernelError as fault:
            _log.warning("services: stale UDP flows stay: %s", fault)

    def _translate(self, key: str) -> Frontends:
        service, slices = self._services.get(key), self._slices.by_index("service", key)
        node = self._node()
        self._checks.pop(key, None)
        if service is None:
            return {}
        try:
            if check := translate.health_check(service, slices, node):
                self._checks[key] = check
            return translate.frontends(service, slices, node)
        except (KeyError, TypeError, ValueError):
            _log.exception("services: %s is left out", key)  # one broken object must not stop the others
            return {}

    def _node(self) -> Node:
        config = self._config
        return Node(config.node_name, config.node_ips, _zone(self._nodes.get(config.node_name)))


def cleanup() -> None:
    """Removes what a proxy left in the calling thread's network namespace."""
    with ServiceRules() as rules:
        rules.remove()


def _present(*objects: Object | None) -> list[Object]:
    return [obj for obj in objects if obj is not None]


def _keys_of_slices(*slices: Object | None) -> set[str]:
    return {key for part in _present(*slices) for key in _service_keys(part)}


def _service_keys(part: Object) -> Iterable[str]:
    name = labels_of(part).get(translate.SERVICE_NAME)
    return (f"{part['metadata']['namespace']}/{name}",) if name else ()


def _zone(node: Object | None) -> str:
    return labels_of(node).get(_ZONE, "") if node else ""
