"""What the workers of all pods share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from proa.cluster.kubelet.certificates import PodCertificates, TrustBundles
from proa.cluster.kubelet.cgroups import Cgroups
from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import Runtime
from proa.cluster.kubelet.dns import Resolver
from proa.cluster.kubelet.fields import NodeFacts
from proa.cluster.kubelet.handlers import Handlers
from proa.cluster.kubelet.images import ImageManager
from proa.cluster.kubelet.objects import ObjectCache
from proa.cluster.kubelet.observation import Observer
from proa.cluster.kubelet.pods import field_path
from proa.cluster.kubelet.probes import ProbeManager
from proa.cluster.kubelet.resize.resizer import Resizer
from proa.cluster.kubelet.status_writer import StatusWriter
from proa.cluster.kubelet.tokens import TokenManager
from proa.cluster.kubelet.turns import Turns
from proa.cluster.kubelet.volumes.manager import VolumeManager
from proa.kube import Client, EventRecorder, Object


@dataclass(frozen=True, kw_only=True)
class Host:
    """The node as seen by a pod's worker."""

    config: KubeletConfig
    client: Client
    events: EventRecorder
    runtime: Runtime
    observer: Observer
    images: ImageManager
    objects: ObjectCache
    tokens: TokenManager
    certificates: PodCertificates
    bundles: TrustBundles
    volumes: VolumeManager
    cgroups: Cgroups
    handlers: Handlers
    probes: ProbeManager
    statuses: StatusWriter
    sizes: Resizer
    resolver: Resolver
    """The node's own resolver."""
    facts: NodeFacts
    memory: int
    """Bytes of memory of the node."""
    turns: Turns
    """Sandboxes and containers that start at the same time; more at once makes all of them later.

    Containers of pods that have their sandbox go first, so that of many pods the first run soon.
    """
    services: Callable[[str, bool], Mapping[str, str]]
    """Environment variables of the Services for a namespace, with or without its links."""
    admit: Callable[[Object], Awaitable[tuple[str, str] | None]]
    """Reason and message when a pod does not fit on the node."""

    async def note(
        self, pod: Object, kind: str, reason: str, message: str, container: Object | None = None
    ) -> None:
        """Record an Event about a pod or one of its containers."""
        where = field_path(pod, container) if container else ""
        await self.events.event(pod, kind, reason, message, field_path=where)

    def forget(self, uid: str) -> None:
        """Drop everything remembered about a pod."""
        self.observer.forget(uid)
        self.objects.release(uid)
        self.tokens.forget(uid)
        self.certificates.forget(uid)
        self.bundles.forget(uid)
        self.probes.forget(uid)
        self.statuses.forget(uid)
        self.images.forget(uid)
        self.sizes.forget(uid)
