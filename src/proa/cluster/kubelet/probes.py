"""Startup, liveness and readiness probes of the running containers (source: pkg/kubelet/prober)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from proa.cluster.kubelet.cri import ContainerStatus
from proa.cluster.kubelet.handlers import Handlers
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pod_addresses import pod_addresses
from proa.cluster.kubelet.pods import container_statuses, field_path, planned_containers
from proa.cluster.kubelet.problems import HandlerError, HandlerUnknownError
from proa.kube import EventRecorder, Object

_log = logging.getLogger(__name__)

Kind = Literal["startup", "liveness", "readiness"]
_KINDS: tuple[Kind, ...] = ("startup", "liveness", "readiness")


class Tally:
    """Results of one probe in a row, against its thresholds. Pure."""

    def __init__(self, probe: Object) -> None:
        self._needed = {True: probe.get("successThreshold") or 1, False: probe.get("failureThreshold") or 3}
        self._last: bool | None = None
        self._run = 0

    def count(self, *, good: bool | None) -> bool | None:
        """The verdict after another result, None when it stays; a result of None counts as not asked."""
        if good is None:
            return None
        self._run = self._run + 1 if good is self._last else 1
        self._last = good
        return good if self._run >= self._needed[good] else None


@dataclass
class Probed:
    """What is known of one running container; a verdict of None has not come yet."""

    pod: Object
    spec: Object
    id: str
    ips: Sequence[str]
    started_at: int = 0
    """When the container was started, nanoseconds since the epoch."""
    verdicts: dict[Kind, bool | None] = field(default_factory=dict)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: dict[Kind, asyncio.Task[None]] = field(default_factory=dict)
    results: Counter[tuple[Kind, bool | None]] = field(default_factory=Counter)
    """How often each probe was good, was not, or could not ask."""

    @property
    def uid(self) -> str:
        return str(self.pod["metadata"]["uid"])

    def age(self) -> float:
        """Seconds for which the container runs; 0 when the clock was set back since it began."""
        return max(0.0, time.time() - self.started_at / 1e9)


class ProbeManager:
    """Probes as long as a container runs; `on_change` is called with the pod's uid for each new verdict."""

    def __init__(
        self,
        handlers: Handlers,
        events: EventRecorder,
        node_ips: Sequence[str],
        on_change: Callable[[str], None],
    ) -> None:
        self._handlers = handlers
        self._events = events
        self._node_ips = node_ips
        self._on_change = on_change
        self._probed: dict[str, Probed] = {}

    def follow(self, pod: Object, seen: PodObservation) -> None:
        """Probe what runs of the pod, and nothing else of it."""
        running = {c.name: c for c in seen.running}
        self._drop(pod["metadata"]["uid"], keep={c.id for c in running.values()})
        ips = pod_addresses(pod, seen, self._node_ips)
        for spec in planned_containers(pod):
            container = running.get(spec["name"])
            if container is not None and container.id not in self._probed and _kinds(spec):
                self._begin(Probed(pod, spec, container.id, ips, container.started_at))

    def is_ready(self, container: ContainerStatus) -> bool:
        """Whether the container passes its readiness probe, or has none."""
        probed = self._probed.get(container.id)
        return probed is None or bool(probed.verdicts.get("readiness", True))

    def has_started(self, container: ContainerStatus) -> bool:
        """Whether the container has passed its startup probe, or has none."""
        probed = self._probed.get(container.id)
        return probed is None or bool(probed.verdicts.get("startup", True))

    def unhealthy(self, seen: PodObservation) -> dict[str, str]:
        """Container id -> why it must be killed."""
        return {
            container.id: f"Container {container.name} failed {kind} probe, will be restarted"
            for container in seen.running
            for kind in ("startup", "liveness")
            if container.id in self._probed and self._probed[container.id].verdicts.get(kind) is False
        }

    def grace(self, container: ContainerStatus) -> int | None:
        """Seconds that the failed probe grants at the kill; None when it does not say."""
        probed = self._probed.get(container.id)
        for kind in ("startup", "liveness"):
            if probed is not None and probed.verdicts.get(kind) is False:
                asked = probed.spec[f"{kind}Probe"].get("terminationGracePeriodSeconds")
                return None if asked is None else max(1, int(asked))
        return None

    def stop_liveness_and_startup(self, uid: str) -> None:
        """The pod ends: nothing of it is restarted any more, but whether it is ready still matters."""
        for probed in self._probed.values():
            if probed.uid == uid:
                for kind, task in probed.tasks.items():
                    if kind != "readiness":
                        task.cancel()

    def present(self) -> list[Probed]:
        """The containers that are probed."""
        return list(self._probed.values())

    def forget(self, uid: str) -> None:
        """Stop probing the pod."""
        self._drop(uid, keep=set())

    def _begin(self, probed: Probed) -> None:
        before = _reported(probed)
        for kind in _kinds(probed.spec):
            probed.verdicts[kind] = True if before.get(kind) else None
        if probed.verdicts.get("startup", True):
            probed.started.set()
        if "liveness" in probed.verdicts:
            probed.verdicts["liveness"] = True
        self._probed[probed.id] = probed
        probed.tasks = {kind: asyncio.create_task(self._probe(probed, kind)) for kind in probed.verdicts}

    def _drop(self, uid: str, keep: set[str]) -> None:
        for container_id, probed in list(self._probed.items()):
            if probed.uid == uid and container_id not in keep:
                for task in probed.tasks.values():
                    task.cancel()
                del self._probed[container_id]

    async def _probe(self, probed: Probed, kind: Kind) -> None:
        """One probe of one container, until it is dropped; a startup probe ends with its success."""
        if kind != "startup":
            await probed.started.wait()
        probe = probed.spec[f"{kind}Probe"]
        period, tally = probe.get("periodSeconds") or 10, Tally(probe)
        await asyncio.sleep(max(0.0, (probe.get("initialDelaySeconds") or 0) - probed.age()))
        clock = asyncio.get_running_loop().time
        due = clock()
        while not (kind == "startup" and probed.started.is_set()):
            good = await self._once(probed, kind, probe)
            probed.results[kind, good] += 1
            verdict = tally.count(good=good)
            if verdict is not None:
                self._decide(probed, kind, verdict=verdict)
            if verdict is False and kind != "readiness":
                return  # it is going to be killed; probing goes on with the next one
            due = max(due + period, clock())
            await asyncio.sleep(due - clock())

    async def _once(self, probed: Probed, kind: Kind, probe: Object) -> bool | None:
        """Whether the container answers well; None when it could not be asked."""
        limit = float(probe.get("timeoutSeconds") or 1)
        try:
            warning = await self._handlers.run(probe, probed.spec, probed.id, probed.ips, limit)
        except HandlerUnknownError as fault:
            _log.debug("%s probe of %s: %s", kind, probed.id, fault)
            return None
        except HandlerError as fault:
            await self._note(probed, "Unhealthy", f"{kind.capitalize()} probe failed: {fault}")
            return False
        if warning:
            await self._note(probed, "ProbeWarning", f"{kind.capitalize()} probe warning: {warning}")
        return True

    async def _note(self, probed: Probed, reason: str, message: str) -> None:
        where = field_path(probed.pod, probed.spec)
        await self._events.event(probed.pod, "Warning", reason, message, field_path=where)

    def _decide(self, probed: Probed, kind: Kind, *, verdict: bool) -> None:
        if kind == "startup" and verdict:
            probed.started.set()
        if probed.verdicts[kind] is not verdict:
            probed.verdicts[kind] = verdict
            self._on_change(probed.uid)


def _kinds(spec: Object) -> list[Kind]:
    return [kind for kind in _KINDS if spec.get(f"{kind}Probe")]


def _reported(probed: Probed) -> dict[Kind, bool]:
    """What the pod's status says of this very container: it counts until a probe says otherwise.

    So a restart of the agent makes no pod unready.
    """
    for entry in container_statuses(probed.pod):
        if entry.get("containerID") == f"containerd://{probed.id}":
            return {"startup": bool(entry.get("started")), "readiness": bool(entry.get("ready"))}
    return {}
