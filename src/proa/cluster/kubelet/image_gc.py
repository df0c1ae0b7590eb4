"""Deletes images that no container uses when their disk is nearly full, the longest unused first.

Images without a registry digest stay: they were loaded on this machine and nobody could pull them again.
Source: kubelet's imageGCHighThresholdPercent (85), imageGCLowThresholdPercent (80), imageMinimumGCAge.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from proa.cluster.kubelet.arguments import KubeletArguments
from proa.cluster.kubelet.cri import CriError, Image, Images, Runtime
from proa.cluster.kubelet.stats.filesystem import filesystem
from proa.kube import Object

_log = logging.getLogger(__name__)

_PERIOD = 300.0
_MOST_LISTED = 50


@dataclass(slots=True)
class Sighting:
    """When an image was first seen and last used, in seconds on a clock."""

    first: float
    used: float


def choose(
    images: Iterable[Image],
    seen: Mapping[str, Sighting],
    in_use: set[str],
    to_free: int,
    now: float,
    *,
    minimum_age: float,
) -> list[Image]:
    """The images to delete so that `to_free` bytes become free, as far as they suffice.

    One that came less than `minimum_age` seconds ago stays.
    """
    candidates = [
        image
        for image in images
        if image.digests
        and not image.pinned
        and image.id not in in_use
        and now - seen[image.id].first >= minimum_age
    ]
    candidates.sort(key=lambda image: (seen[image.id].used, seen[image.id].first))
    chosen, freed = [], 0
    for image in candidates:
        if freed >= to_free:
            break
        chosen.append(image)
        freed += image.size
    return chosen


def excess_bytes(capacity: int, available: int, high: int, low: int) -> int:
    """How much must be freed of the images' disk to come to `low` percent; 0 below `high` percent."""
    if not capacity or high == 100 or 100 * (capacity - available) < high * capacity:
        return 0
    return max(0, capacity - available - capacity * low // 100)


def node_images(images: Iterable[Image]) -> list[Object]:
    """`status.images` of the node: the largest ones."""
    largest = sorted(images, key=lambda image: image.size, reverse=True)[:_MOST_LISTED]
    return [{"names": [*image.digests, *image.tags], "sizeBytes": image.size} for image in largest]


class ImageCollector:
    """Remembers which images are used, and deletes unused ones when asked or when the disk is nearly full."""

    def __init__(
        self,
        images: Images,
        runtime: Runtime,
        arguments: KubeletArguments,
        keep: Callable[[Collection[str], float], None],
    ) -> None:
        """`keep` is told the ids of all images that were there at a time."""
        self._images = images
        self._keep = keep
        self._runtime = runtime
        self._arguments = arguments
        self._seen: dict[str, Sighting] = {}
        self.present: Sequence[Image] = ()
        """The images as last seen."""

    async def run(self) -> None:
        """Look every five minutes until cancelled."""
        while True:
            try:
                await self._collect()
            except (CriError, OSError) as fault:
                _log.warning("images not looked at: %s", fault)
            await asyncio.sleep(_PERIOD)

    async def free_all(self) -> None:
        """Delete every image that may be deleted. Raises CriError."""
        await self._free(1 << 62)

    async def look(self) -> set[str]:
        """Note what is there and what is used; returns the ids in use. Raises CriError."""
        containers, images = await asyncio.gather(self._runtime.list_containers(), self._images.list())
        in_use, now = {c.image_ref for c in containers}, time.monotonic()
        for image in images:
            sighting = self._seen.setdefault(image.id, Sighting(now, 0.0))
            if image.id in in_use:
                sighting.used = now
        self._seen = {image.id: self._seen[image.id] for image in images}
        self.present = images
        return in_use

    async def _collect(self) -> None:
        usage, at = await self._images.filesystem(), time.time()
        await self.look()
        self._keep({image.id for image in self.present}, at)
        if usage is None:
            return
        disk = await asyncio.to_thread(filesystem, Path(usage.mountpoint))
        high, low = self._arguments.image_gc_high_threshold, self._arguments.image_gc_low_threshold
        to_free = excess_bytes(disk.capacity, disk.available, high, low)
        if to_free:
            await self._free(to_free)

    async def _free(self, to_free: int) -> None:
        in_use = await self.look()
        age = self._arguments.minimum_image_ttl_duration
        now = time.monotonic()
        for image in choose(self.present, self._seen, in_use, to_free, now, minimum_age=age):
            _log.info("image %s is not used and deleted", ", ".join(image.tags) or image.id)
            await self._images.remove(image.id)
