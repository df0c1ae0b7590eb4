"""All volumes of a pod: set up, shown to its containers, cleaned away."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.expansion import expand
from proa.cluster.kubelet.fields import NodeFacts
from proa.cluster.kubelet.mounts import mounts_below, unmount_below
from proa.cluster.kubelet.objects import ObjectCache
from proa.cluster.kubelet.pods import common_user, security_context
from proa.cluster.kubelet.problems import VolumeProblem, config_problem
from proa.cluster.kubelet.volumes.plugin import PLUGINS, Credentials, ImageSource, ReadyVolume, VolumeRequest
from proa.cluster.kubelet.volumes.subpath import bind_subpath
from proa.errors import ApiError
from proa.kube import Object

_PROPAGATION = {"None": 0, "HostToContainer": 1, "Bidirectional": 2}

Volumes = Mapping[str, ReadyVolume]
"""The set-up volumes of a pod by name."""


class VolumeManager:
    """Brings volumes to where containers can mount them."""

    def __init__(
        self,
        config: KubeletConfig,
        objects: ObjectCache,
        credentials: Credentials,
        images: ImageSource,
        node: Callable[[], NodeFacts],
    ) -> None:
        self._config = config
        self._objects = objects
        self._credentials = credentials
        self._images = images
        self._node = node

    async def set_up(self, pod: Object, pod_ips: Sequence[str]) -> Volumes:
        """Set up or refresh every volume of the pod. Raises VolumeProblem for the first that cannot be."""
        volumes = pod["spec"].get("volumes") or ()
        ready = await asyncio.gather(*(self._set_up(pod, volume, pod_ips) for volume in volumes))
        return {volume["name"]: made for volume, made in zip(volumes, ready, strict=True)}

    async def _set_up(self, pod: Object, volume: Object, pod_ips: Sequence[str]) -> ReadyVolume:
        name = volume["name"]
        source = next((key for key in volume if key in PLUGINS), None)
        if source is None:
            raise VolumeProblem(f'volume "{name}" is of a kind that this node cannot offer')
        plugin = PLUGINS[source]
        uid = pod["metadata"]["uid"]
        request = VolumeRequest(
            pod=pod,
            name=name,
            directory=self._config.pods_dir / uid / "volumes" / plugin.directory / name,
            lookup=self._objects.get,
            hold=partial(self._objects.hold, uid),
            credentials=self._credentials,
            images=self._images,
            node=self._node(),
            pod_ips=pod_ips,
            fs_group=security_context(pod["spec"]).get("fsGroup"),
            fs_user=common_user(pod),
        )
        try:
            return await plugin.set_up(volume[source] or {}, request)
        except (VolumeProblem, ApiError, OSError) as fault:
            raise VolumeProblem(f'MountVolume.SetUp failed for volume "{name}" : {fault}') from fault

    def container_mounts(
        self, pod: Object, container: Object, volumes: Volumes, variables: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """The runtime's Mount messages for a container's volumeMounts. Raises ContainerProblem."""
        mounts = []
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            volume = volumes.get(mount["name"])
            if volume is None:
                raise config_problem(f'volumeMount "{mount["name"]}" names no volume of the pod')
            target = self._subpath_target(pod, container, mount, index)
            try:
                path = _source(volume, mount, variables, target)
            except (VolumeProblem, OSError) as fault:
                what = f'failed to prepare subPath for volumeMount "{mount["name"]}" of container'
                raise config_problem(f'{what} "{container["name"]}": {fault}') from fault
            mounts.append(_mount_message(mount, path, read_only=volume.read_only))
        return mounts

    def _subpath_target(self, pod: Object, container: Object, mount: Object, index: int) -> Path:
        subpaths = self._config.pods_dir / str(pod["metadata"]["uid"]) / "volume-subpaths"
        return subpaths / str(mount["name"]) / str(container["name"]) / str(index)

    async def tear_down(self, uid: str) -> None:
        """Unmount all and delete the pod's directory; data outside of it is not touched.

        Raises OSError, CriError.
        """
        directory = self._config.pods_dir / uid
        await self._images.release(directory / "volumes" / PLUGINS["image"].directory)
        await asyncio.to_thread(remove_tree, directory)


def _source(volume: ReadyVolume, mount: Object, variables: Mapping[str, str], target: Path) -> Path:
    subpath = mount.get("subPath") or ""
    if mount.get("subPathExpr"):
        subpath = expand(mount["subPathExpr"], variables)
        if "$(" in subpath:
            raise VolumeProblem(f"subPathExpr {mount['subPathExpr']!r} names an unknown variable")
    return bind_subpath(volume.path, subpath, target) if subpath else volume.path


def _mount_message(mount: Object, path: Path, *, read_only: bool) -> dict[str, Any]:
    target = mount["mountPath"]
    return {
        "container_path": target if target.startswith("/") else f"/{target}",
        "host_path": str(path),
        "readonly": read_only or bool(mount.get("readOnly")),
        "propagation": _PROPAGATION[mount.get("mountPropagation") or "None"],
    }


def remove_tree(directory: Path) -> None:
    """Unmount what is mounted inside, then delete. Refuses, with OSError, while a mount remains."""
    if not directory.exists():
        return
    unmount_below(directory)
    remaining = mounts_below(directory)
    if remaining:
        raise OSError(f"still mounted: {', '.join(map(str, remaining))}")
    shutil.rmtree(directory)
