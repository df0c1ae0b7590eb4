"""Puts a payload where its volume belongs."""

from __future__ import annotations

import asyncio

from proa.cluster.kubelet.mounts import is_mount, mount_tmpfs
from proa.cluster.kubelet.volumes.atomic import Payload, write_payload
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest


async def show_files(payload: Payload, request: VolumeRequest, *, in_memory: bool) -> ReadyVolume:
    """Write the files; those that are `in_memory` never reach a disk."""
    await asyncio.to_thread(_write, payload, request, in_memory=in_memory)
    return ReadyVolume(request.directory, read_only=True)


def _write(payload: Payload, request: VolumeRequest, *, in_memory: bool) -> None:
    request.directory.mkdir(parents=True, exist_ok=True)
    if in_memory and not is_mount(request.directory):
        mount_tmpfs(request.directory, private=True)
    write_payload(request.directory, payload, request.fs_group)
