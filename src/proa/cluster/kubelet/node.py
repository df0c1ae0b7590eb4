"""Registers this node and keeps its Node object and Lease fresh."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import CriError, Image, Runtime, RuntimeCondition
from proa.cluster.kubelet.image_gc import node_images
from proa.cluster.kubelet.machine import read_machine
from proa.cluster.kubelet.node_status import (
    addresses,
    allocatable,
    capacity,
    extended,
    node_conditions,
    node_info,
    node_labels,
    runtime_faults,
)
from proa.errors import AlreadyExists, ApiError, NotFound
from proa.kube import LEASES, NODES, Client, EventRecorder, Object, PatchType, now, now_micro, owner_reference

_log = logging.getLogger(__name__)

_LEASE_NAMESPACE, _LEASE_SECONDS, _LEASE_PERIOD = "kube-node-lease", 4, 1.0
_REPORT_PERIOD = 300.0
_LOOK_PERIOD, _LOOK_PERIOD_UNREADY = 10.0, 0.25
_RUNTIME_PATIENCE = 10.0
"""Seconds for which the runtime may be silent: while it restarts, containers run on and serve."""
_RETRY = 1.0
_FAULTS = (ApiError, aiohttp.ClientError, OSError, TimeoutError)


class NodeReporter:
    """The node as the API sees it. `on_ready` is called when the runtime becomes able to run pods."""

    def __init__(
        self,
        client: Client,
        config: KubeletConfig,
        runtime: Runtime,
        events: EventRecorder,
        on_ready: Callable[[], None],
        pressures: Callable[[], frozenset[str]],
        images: Callable[[], Sequence[Image]],
    ) -> None:
        self._client = client
        self._config = config
        self._machine = read_machine(config.data_dir, config.cgroup_mount)
        self._runtime = runtime
        self._events = events
        self._on_ready = on_ready
        self._pressures = pressures
        self._images = images
        self._version = ("containerd", "")
        self._conditions: list[Object] = []
        self._reported: tuple[Any, ...] = ()
        self._reported_at = 0.0
        self._node: Object | None = None
        self._extended: Mapping[str, str | None] = {}
        self._was_ready = False
        self._told: list[RuntimeCondition] | None = None
        self._silent_since: float | None = None
        self._look_now = asyncio.Event()

    def look(self) -> None:
        """The runtime may have gone or come: look at it now."""
        self._look_now.set()

    async def run(self) -> None:
        """Register, then report until cancelled."""
        await _until_done(self.register, "node not registered")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew_lease())
            group.create_task(self._report())

    async def register(self) -> None:
        """Create the Node, or bring labels of an existing one up to date. Raises ApiError."""
        config = self._config
        labels = node_labels(config, self._machine)
        node: Object = {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {
                "name": config.node_name,
                "labels": labels,
                "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            },
            "spec": {"taints": list(config.taints)} if config.taints else {},
        }
        try:
            self._node = await self._client.create(NODES, node)
        except AlreadyExists:
            patch = {"metadata": {"labels": labels}}
            self._node = await self._client.patch(NODES, config.node_name, patch, kind=PatchType.MERGE)
        self._conditions = list((self._node.get("status") or {}).get("conditions") or ())
        message = "Starting kubelet."
        await self._events.event(self._node, "Normal", "Starting", message)

    async def _report(self) -> None:
        while True:
            runtime = await self._look()
            ready = not runtime_faults(runtime)
            if ready and not self._was_ready:
                self._on_ready()
            self._was_ready = ready
            try:
                await self._report_if_changed(runtime)
            except NotFound:
                await _until_done(self.register, "node not registered")
                self._reported = ()
                continue
            except _FAULTS as fault:
                _log.warning("status of node %s not written: %s", self._config.node_name, fault)
                await asyncio.sleep(_RETRY)
                continue
            settled = ready and self._silent_since is None
            await self._pause(_LOOK_PERIOD if settled else _LOOK_PERIOD_UNREADY)

    async def _pause(self, limit: float) -> None:
        self._look_now.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._look_now.wait()

    async def _look(self) -> list[RuntimeCondition] | None:
        """What the runtime says, or said before a short silence; None when it is down."""
        try:
            told = await self._runtime.status()
            if self._silent_since is not None or not self._version[1]:
                self._version = await self._runtime.version()
        except CriError:
            self._silent_since = self._silent_since or time.monotonic()
            if time.monotonic() - self._silent_since >= _RUNTIME_PATIENCE:
                self._told = None
        else:
            self._told, self._silent_since = told, None
        return self._told

    async def _report_if_changed(self, runtime: list[RuntimeCondition] | None) -> None:
        states = node_conditions(runtime, self._pressures())
        essence = (states, self._version, tuple(image.id for image in self._images()))
        fresh = time.monotonic() - self._reported_at < _REPORT_PERIOD
        if essence == self._reported and fresh and not await self._is_overruled():
            return
        self._conditions = with_heartbeats(self._conditions, states, now())
        status = self._status()
        await self._client.patch(
            NODES, self._config.node_name, {"status": status}, kind=PatchType.STRATEGIC, subresource="status"
        )
        self._reported, self._reported_at = essence, time.monotonic()

    async def _is_overruled(self) -> bool:
        """Whether somebody else wrote over what we said, or added to it: after a silence the node is lost."""
        ours = {c["type"]: c["status"] for c in self._conditions}
        node = await self._client.get(NODES, self._config.node_name)
        theirs = {c["type"]: c["status"] for c in (node.get("status") or {}).get("conditions") or ()}
        self._extended = extended(node.get("status") or {})
        return bool(self._extended) or any(theirs.get(kind) != status for kind, status in ours.items())

    def _status(self) -> Mapping[str, Any]:
        config, machine = self._config, self._machine
        return {
            "capacity": capacity(config, machine),
            "allocatable": {**allocatable(config, machine), **self._extended},
            "conditions": self._conditions,
            "addresses": [{"$patch": "replace"}, *addresses(config)],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": config.port}},
            "nodeInfo": node_info(machine, self._version),
            "images": node_images(self._images()),
        }

    async def _renew_lease(self) -> None:
        renewed = time.monotonic()
        while True:
            await _until_done(self._renew_once, "lease not renewed")
            if time.monotonic() - renewed > _LEASE_SECONDS - _LEASE_PERIOD:
                self.look()  # it was long enough to count as lost
            renewed = time.monotonic()
            await asyncio.sleep(_LEASE_PERIOD)

    async def _renew_once(self) -> None:
        name = self._config.node_name
        spec = {
            "holderIdentity": name,
            "leaseDurationSeconds": _LEASE_SECONDS,
            "renewTime": now_micro(),
        }
        try:
            await self._client.patch(LEASES, name, {"spec": spec}, _LEASE_NAMESPACE)
        except NotFound:
            metadata: Object = {"name": name, "namespace": _LEASE_NAMESPACE}
            if self._node is not None:
                owner = {"kind": "Node", "apiVersion": "v1"} | self._node
                metadata["ownerReferences"] = [owner_reference(owner, controller=False)]
            lease = {"kind": "Lease", "apiVersion": LEASES.api_version, "metadata": metadata, "spec": spec}
            await self._client.create(LEASES, lease, _LEASE_NAMESPACE)


def with_heartbeats(old: list[Object], states: list[tuple[str, bool, str, str]], at: str) -> list[Object]:
    """Conditions for these states; a transition time moves only when the status does."""
    before = {c["type"]: c for c in old}
    result = []
    for kind, ok, reason, message in states:
        word, known = "True" if ok else "False", before.get(kind)
        since = known["lastTransitionTime"] if known and known["status"] == word else at
        result.append(
            {
                "type": kind,
                "status": word,
                "lastHeartbeatTime": at,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
        )
    return result


async def _until_done(action: Callable[[], Any], complaint: str) -> None:
    while True:
        try:
            await action()
        except _FAULTS as fault:
            _log.warning("%s, again in %.0f s: %s", complaint, _RETRY, fault)
            await asyncio.sleep(_RETRY)
        else:
            return
