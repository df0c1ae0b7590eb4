"""hostPath: a file or directory of the node.

Fields: `path`, `type` ("" = no check, DirectoryOrCreate, Directory, FileOrCreate, File, Socket,
CharDevice, BlockDevice). Source: API reference, HostPathVolumeSource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object

_CHECKS: dict[str, tuple[Callable[[Path], bool], str]] = {
    "Directory": (Path.is_dir, "a directory"),
    "File": (Path.is_file, "a file"),
    "Socket": (Path.is_socket, "a socket file"),
    "CharDevice": (Path.is_char_device, "a character device"),
    "BlockDevice": (Path.is_block_device, "a block device"),
}


@volume_plugin("hostPath", "host-path")
async def set_up(source: Object, _: VolumeRequest) -> ReadyVolume:
    path = Path(source["path"])
    await asyncio.to_thread(check_host_path, path, source.get("type") or "")
    return ReadyVolume(path)


def check_host_path(path: Path, kind: str) -> None:
    """Make or check what the type says. Raises VolumeProblem, OSError."""
    if kind == "DirectoryOrCreate" and not path.exists():
        path.mkdir(mode=0o755, parents=True)
    if kind == "FileOrCreate" and not path.exists():
        path.touch(mode=0o644)
    wanted = kind.removesuffix("OrCreate")
    if not wanted:
        return
    if wanted not in _CHECKS:
        raise VolumeProblem(f"hostPath type {kind!r} is not known")
    check, what = _CHECKS[wanted]
    if not check(path):
        raise VolumeProblem(f"hostPath type check failed: {path} is not {what}")
