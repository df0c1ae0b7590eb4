"""What the runtime really has of a pod, read anew for each decision."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from proa.cluster.kubelet.cri import (
    CONTAINER_NAME,
    POD_UID,
    Container,
    ContainerState,
    ContainerStatus,
    CriError,
    Runtime,
    Sandbox,
)

_SETTLE_FIRST, _SETTLE_LONGEST = 0.005, 0.5


@dataclass(frozen=True)
class PodObservation:
    """Sandboxes and containers of one pod, newest first."""

    sandboxes: tuple[Sandbox, ...] = ()
    containers: tuple[ContainerStatus, ...] = ()
    ips: tuple[str, ...] = ()

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest sandbox, ready or not."""
        return self.sandboxes[0] if self.sandboxes else None

    @property
    def ready_sandbox(self) -> Sandbox | None:
        """The newest sandbox if it is ready: the one in which containers can start."""
        return self.sandbox if self.sandbox and self.sandbox.ready else None

    def history(self, name: str) -> list[ContainerStatus]:
        """All attempts at a container, newest first."""
        return [c for c in self.containers if c.name == name]

    def latest(self, name: str) -> ContainerStatus | None:
        """The newest attempt at a container, in whichever sandbox."""
        return next((c for c in self.containers if c.name == name), None)

    def previous(self, name: str) -> ContainerStatus | None:
        """The attempt before the newest."""
        return next(iter(self.history(name)[1:]), None)

    def current(self, name: str) -> ContainerStatus | None:
        """The newest attempt if it belongs to the newest sandbox."""
        latest = self.latest(name)
        return latest if latest and self.sandbox and latest.sandbox_id == self.sandbox.id else None

    @property
    def running(self) -> list[ContainerStatus]:
        """Containers that run or whose state the runtime does not know."""
        return [c for c in self.containers if c.state in (ContainerState.RUNNING, ContainerState.UNKNOWN)]


class Observer:
    """Reads pods from the runtime. What cannot change any more is asked only once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._exited: dict[str, ContainerStatus] = {}
        self._ips: dict[str, tuple[str, ...]] = {}
        self._owners: dict[str, str] = {}
        self._ended: set[str] = set()

    def owner(self, runtime_id: str) -> str:
        """The pod uid of a container or sandbox id; empty when it is not known."""
        return self._owners.get(runtime_id, "")

    def note_end(self, runtime_id: str) -> None:
        """Containerd announced the end of this process; its CRI part may learn of it a moment later."""
        self._ended.add(runtime_id)

    async def observe(self, uid: str) -> PodObservation:
        """The pod as it is now. Raises CriError."""
        labels = {POD_UID: uid}
        sandboxes, containers = await asyncio.gather(
            self._runtime.list_pod_sandboxes(labels), self._runtime.list_containers(labels)
        )
        self._owners |= {sandbox.id: uid for sandbox in sandboxes}
        self._owners |= {container.id: uid for container in containers}
        sandboxes.sort(key=lambda s: (s.attempt, s.created_at), reverse=True)
        statuses = await asyncio.gather(*(self._status(c) for c in containers if CONTAINER_NAME in c.labels))
        known = sorted(filter(None, statuses), key=lambda s: (s.attempt, s.created_at), reverse=True)
        ips = await self._sandbox_ips(sandboxes[0]) if sandboxes and sandboxes[0].ready else ()
        return PodObservation(tuple(sandboxes), tuple(known), ips)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for runtime_id in [key for key, owner in self._owners.items() if owner == uid]:
            for table in (self._owners, self._exited, self._ips):
                table.pop(runtime_id, None)
            self._ended.discard(runtime_id)

    async def _status(self, container: Container) -> ContainerStatus | None:
        if container.id in self._exited:
            return self._exited[container.id]
        try:
            status = await self._settled(container)
        except CriError as fault:
            if fault.code == "NOT_FOUND":
                return None
            raise
        if status.exited:
            self._exited[container.id] = status
        return status

    async def _settled(self, container: Container) -> ContainerStatus:
        """The status; when the end was announced, as soon as the CRI knows of it."""
        pause = _SETTLE_FIRST
        while True:
            status = await self._runtime.container_status(container)
            if not status.running or container.id not in self._ended or pause > _SETTLE_LONGEST:
                self._ended.discard(container.id)
                return status
            await asyncio.sleep(pause)
            pause *= 2

    async def _sandbox_ips(self, sandbox: Sandbox) -> tuple[str, ...]:
        if sandbox.id not in self._ips:
            self._ips[sandbox.id] = await self._runtime.pod_sandbox_ips(sandbox.id)
        return self._ips[sandbox.id]


def fingerprints(
    sandboxes: Iterable[Sandbox], containers: Iterable[Container]
) -> dict[str, frozenset[object]]:
    """By pod uid, a value that changes whenever something of the pod starts or ends."""
    found: defaultdict[str, set[object]] = defaultdict(set)
    for sandbox in sandboxes:
        found[sandbox.pod_uid].add((sandbox.id, sandbox.ready))
    for container in containers:
        found[container.pod_uid].add((container.id, container.state))
    return {uid: frozenset(parts) for uid, parts in found.items() if uid}
