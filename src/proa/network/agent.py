"""The pod network of one node: addresses, plugin, backend and masquerade, kept as they must be.

Runs in the node's network namespace. It leaves everything in place when it ends: pods keep their
connections, and the next start goes on from what is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from proa.errors import ApiError, KernelError
from proa.kernel import monitor
from proa.kernel.netlink import Answer
from proa.kernel.routes import Network
from proa.kube import Client
from proa.network import backends, chains, cni, families, install, metrics
from proa.network.attachments import Attachments, Settings
from proa.network.backends.base import LocalNode, Peer
from proa.network.chains import KeptChains
from proa.network.cni import CniError, Request
from proa.network.config import NetworkConfig
from proa.network.daemon import Daemon
from proa.network.datapath import DataPath, Report
from proa.network.ipam import Ipam
from proa.network.nodes import Nodes
from proa.network.port_rules import PortRules
from proa.network.store import AllocationStore

_log = logging.getLogger(__name__)

_SETTLE = 0.02  # seconds that further changes may join a pass
_RESYNC = 60.0  # seconds after which a pass is made although nothing was heard
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0  # seconds between attempts after a failure


class NetworkAgent:
    """One node's pod network. `client` is None where no Kubernetes is: then the configuration says all."""

    def __init__(self, config: NetworkConfig, client: Client | None = None) -> None:
        """UserError when this kernel cannot do the backend."""
        self._config = config
        self._backend = config.conf.backend
        backends.require(self._backend)
        self._wake = asyncio.Event()
        self._nodes = Nodes(client, config.node_name, self._wake.set) if client else None
        self._attachments: Attachments | None = None
        self._devices: frozenset[int] = frozenset()
        self._unreached: dict[str, str] = {}
        self.ready = asyncio.Event()

    @property
    def unreached(self) -> dict[str, str]:
        """The nodes that cannot be reached, and why."""
        return dict(self._unreached)

    async def run(self) -> None:
        """Until cancelled. UserError when the configuration does not fit this machine."""
        if not self._backend.attaches_pods:
            _log.info("network backend none: another plugin attaches the pods")
            await asyncio.Event().wait()
        daemon = Daemon(self._config.socket, self._answer)
        install.install_plugin(self._config.bin_dir)
        await daemon.start()
        try:
            await self._run_with(self._nodes)
        finally:
            self.ready.clear()
            metrics.READY.set(0)
            await daemon.stop()

    async def _run_with(self, nodes: Nodes | None) -> None:
        if nodes is None:
            await self._keep(self._config.subnets or self._config.conf.default_subnets)
            return
        tasks = {asyncio.create_task(nodes.run()), asyncio.create_task(self._keep_assigned(nodes))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_assigned(self, nodes: Nodes) -> None:
        await nodes.wait_synced()
        await self._keep(await self._assigned(nodes))

    async def _assigned(self, nodes: Nodes) -> tuple[Network, ...]:
        """The node's ranges, as soon as a controller has given it some."""
        while not (subnets := nodes.subnets()):
            _log.info("node %s has no podCIDR yet: waiting for one", self._config.node_name)
            await self._wake.wait()
            self._wake.clear()
        return subnets

    async def _keep(self, subnets: tuple[Network, ...]) -> None:
        config = self._config
        local = families.find(config, subnets)
        ipam = Ipam(AllocationStore(config.data_dir / "allocations.db"), subnets)
        ports = PortRules(ipam.all)
        path = DataPath(self._backend, local, ipam, (self._chains(local), ports))
        await asyncio.to_thread(path.adopt)
        self._attachments = Attachments(ipam, ports)
        below = {family.underlay.index for family in local}
        watches = [
            monitor.watch_devices(partial(self._concerns, below), self._wake.set),
            monitor.watch_nftables(partial(monitor.concerns_table, table="proa"), self._wake.set),
        ]
        try:
            await self._passes(local, path, ipam)
        finally:
            for watch in watches:
                watch.close()

    def _chains(self, local: Sequence[LocalNode]) -> KeptChains:
        networks, config = self._config.conf.networks, self._config
        hidden = [network for network in networks if network.version == 4 or config.ipv6_masquerade]
        with_ipv6 = any(family.underlay.version == 6 for family in local)
        return KeptChains([chains.masquerade(hidden), *([chains.pod_sources()] if with_ipv6 else ())])

    async def _passes(self, local: Sequence[LocalNode], path: DataPath, ipam: Ipam) -> None:
        delay = _FIRST_DELAY
        while True:
            self._wake.clear()
            try:
                self._note(await asyncio.to_thread(path.apply, self._peers()), ipam)
                self._become_ready(local)
                if self._nodes:
                    await self._nodes.publish(self._backend, local)
            except (KernelError, ApiError, OSError) as error:
                metrics.FAILURES.inc()
                _log.warning("pod network: %s; next attempt in %.1f s", error, delay)
                await self._next(delay, settle=_FIRST_DELAY)
                delay = min(delay * 2, _LONGEST_DELAY)
                continue
            delay = _FIRST_DELAY
            await self._next(_RESYNC, settle=_SETTLE)

    async def _next(self, longest: float, *, settle: float) -> None:
        """Until something was heard, and what comes with it within `settle`; `longest` is when not (s)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):  # not wait_for: in 3.11 that can lose a cancellation
                await self._wake.wait()
            await asyncio.sleep(settle)

    def _become_ready(self, local: Sequence[LocalNode]) -> None:
        if self.ready.is_set() or self._attachments is None:
            return
        config = self._config
        self._attachments.settings = Settings(families.mtu(self._backend, local), families.addresses(local))
        install.write_conflist(config.cni_conf_dir, config.socket)
        self.ready.set()
        metrics.READY.set(1)
        for family in local:
            below, ranges = family.underlay, ", ".join(map(str, family.subnets))
            where = f"{below.name} ({below.interface})"
            _log.info("pod network ready: %s over %s, pods %s", self._backend.name, where, ranges)

    def _peers(self) -> list[Peer]:
        told = self._nodes.peers() if self._nodes else []
        return [*self._config.peers, *told]

    def _note(self, report: Report, ipam: Ipam) -> None:
        self._devices = report.devices
        for name, why in report.unreached.items():
            if self._unreached.get(name) != why:
                _log.warning("node %s is not reached: %s", name, why)
        self._unreached = report.unreached
        metrics.CHANGES.inc(report.changes)
        metrics.PEERS.set(len({peer.name for peer in self._peers()} - report.unreached.keys()))
        for subnet, used, size in ipam.usage():
            metrics.ADDRESSES_USED.labels(str(subnet)).set(used)
            metrics.ADDRESSES_TOTAL.labels(str(subnet)).set(size)

    def _concerns(self, below: set[int], answer: Answer) -> bool:
        names = self._backend.device_names.values()
        return monitor.concerns_devices(answer, names=names, own=self._devices, below=below)

    def _answer(self, request: Request) -> dict[str, Any]:
        if self._attachments is None:
            raise CniError(cni.TRY_AGAIN, "the network of this node is not ready yet")
        return self._attachments.answer(request)
