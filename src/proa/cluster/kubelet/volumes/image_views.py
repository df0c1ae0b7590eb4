"""Images as directories of the node: a view of their layers, mounted by the kubelet itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from proa.cluster.kubelet.cri import CriError, Images, Snapshots
from proa.cluster.kubelet.images import ImageManager
from proa.cluster.kubelet.mounts import mount_layers, unmount
from proa.cluster.kubelet.objects import ObjectCache
from proa.cluster.kubelet.problems import ContainerProblem, VolumeProblem
from proa.cluster.kubelet.references import pull_secret_references
from proa.kube import Object


class ImageViews:
    """Mounts images for pods. What a pod has lies below a directory that `release` is given."""

    def __init__(
        self, manager: ImageManager, images: Images, snapshots: Snapshots, objects: ObjectCache
    ) -> None:
        self._manager = manager
        self._images = images
        self._snapshots = snapshots
        self._objects = objects

    async def mount(self, pod: Object, name: str, source: Object, target: Path) -> None:
        """Pull the image that a volume's source names, and mount it. Raises VolumeProblem, OSError."""
        policy, reference = source.get("pullPolicy"), source.get("reference") or ""
        asks = {"name": name, "image": reference, "imagePullPolicy": policy}
        found = map(self._objects.get, pull_secret_references(pod))
        try:
            image = await self._manager.ensure(pod, asks, [secret for secret in found if secret])
            await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)  # `release` looks for it
            layers = await self._snapshots.view(_key(target), await self._images.chain(image.id))
        except ContainerProblem as problem:
            raise VolumeProblem(f"{problem.reason}: {problem.message}") from problem
        except CriError as fault:
            raise VolumeProblem(f"image {reference}: {fault}") from fault
        await asyncio.to_thread(mount_layers, layers.kind, layers.source, layers.options, target)

    async def release(self, directory: Path) -> None:
        """Unmount the images below a directory and give their layers back. Raises CriError, OSError."""
        for target in await asyncio.to_thread(_inside, directory):
            await asyncio.to_thread(unmount, target)
            await self._snapshots.remove(_key(target))


def _key(target: Path) -> str:
    """The name of a view: where it is mounted, which no other pod and no other node has."""
    return f"proa{target}"


def _inside(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []
