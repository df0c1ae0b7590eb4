"""What a kind of volume is: one file, one registration.

A set-up function is called whenever the pod is looked at, so it makes things so rather than makes
them: it finds what is there already, and refreshes what has changed. It needs no counterpart: all
that it makes lies in or is mounted on the directory that it is given, and goes with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from proa.cluster.kubelet.certificates import PodCertificates, TrustBundles
from proa.cluster.kubelet.environment import Lookup
from proa.cluster.kubelet.fields import NodeFacts
from proa.cluster.kubelet.objects import Reference
from proa.kube import Object


class TokenSource(Protocol):
    """Gives service account tokens for projected volumes."""

    async def token(self, pod: Object, audience: str, lifetime: int) -> str:
        """A token of the pod's service account that is still good for a while."""


class ImageSource(Protocol):
    """Mounts images for image volumes."""

    async def mount(self, pod: Object, name: str, source: Object, target: Path) -> None:
        """Pull the image that a volume's source names, and mount it. Raises VolumeProblem, OSError."""

    async def release(self, directory: Path) -> None:
        """Unmount the images below a directory. Raises CriError, OSError."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where projected volumes get what a pod proves itself with, and what it trusts."""

    tokens: TokenSource
    certificates: PodCertificates
    bundles: TrustBundles


@dataclass(frozen=True)
class VolumeRequest:
    """One volume of one pod, and what its set-up may draw on."""

    pod: Object
    name: str
    directory: Path
    """Where the volume belongs if it is made by us; not there yet at first."""
    lookup: Lookup
    hold: Callable[[Iterable[Reference]], Awaitable[None]]
    """Follow further objects for this pod; afterwards `lookup` knows them."""
    credentials: Credentials
    images: ImageSource
    node: NodeFacts
    pod_ips: Sequence[str] = ()
    fs_group: int | None = None
    fs_user: int | None = None
    """As whom all containers of the pod run, if they agree."""


@dataclass(frozen=True, slots=True)
class ReadyVolume:
    """A volume that containers can use: its directory (or file) on the node."""

    path: Path
    read_only: bool = False


SetUp = Callable[[Object, VolumeRequest], Awaitable[ReadyVolume]]
"""Takes the volume's source (the value of `configMap`, `emptyDir`, ...). Raises VolumeProblem or OSError."""


@dataclass(frozen=True, slots=True)
class VolumePlugin:
    """A kind of volume: the name of its directory, and its set-up."""

    directory: str
    set_up: SetUp


PLUGINS: dict[str, VolumePlugin] = {}
"""By the key of the source in the pod's spec."""


def volume_plugin(source: str, directory: str) -> Callable[[SetUp], SetUp]:
    """Register a set-up for volumes with this source; `directory` is upstream's plugin name."""

    def register(set_up: SetUp) -> SetUp:
        if source in PLUGINS:
            raise RuntimeError(f"two volume plugins for {source}")
        PLUGINS[source] = VolumePlugin(f"kubernetes.io~{directory}", set_up)
        return set_up

    return register
