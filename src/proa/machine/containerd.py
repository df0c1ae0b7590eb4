"""containerd's configuration for one node.

One containerd per node, apart from any other on the machine: its own root, state and socket.
Release 1.x reads version 2 of the file, 2.x version 3, where the CRI plugin is two plugins.
Source: containerd's docs/cri/config.md.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proa.errors import MissingProgram, UserError
from proa.machine import runtimes

PAUSE_IMAGE = "docker.io/proa/pause:1"
_CAP_SYS_RESOURCE = 24
_CRI_1, _CRI_2 = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"
"""The part of the file that says how containers are run."""


@dataclass(frozen=True)
class ContainerdOptions:
    """What differs between nodes and machines."""

    root: Path
    state: Path
    socket: Path
    cni_conf_dir: Path
    cni_bin_dir: Path
    may_lower_oom_score: bool
    """Whether this machine may protect processes from the OOM killer (CAP_SYS_RESOURCE)."""
    default_runtime: str = "runc"
    """Which runtime runs pods that name no RuntimeClass."""
    runtimes: Mapping[str, str] = field(default_factory=lambda: {"runc": "runc"})
    """Those that there are, names and programs."""


def configuration(release: int, options: ContainerdOptions) -> str:
    """The file for containerd of this major release."""
    template, plugin = (_VERSION_2, _CRI_1) if release < 2 else (_VERSION_3, _CRI_2)
    base = template.format(
        root=options.root,
        state=options.state,
        socket=options.socket,
        conf_dir=options.cni_conf_dir,
        bin_dir=options.cni_bin_dir,
        pause=PAUSE_IMAGE,
        restrict="false" if options.may_lower_oom_score else "true",
        runtime=options.default_runtime,
    )
    return base + "".join(runtimes.sections(plugin, options.runtimes))


def major_release() -> int:
    """The major release of the installed containerd."""
    try:
        text = subprocess.run(["containerd", "--version"], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise MissingProgram("containerd", "containerd") from None
    match = re.search(r"\bv?(\d+)\.\d+\.\d+", text)
    if match is None:
        raise UserError(f"containerd --version says {text.strip()!r}: no release that proa knows")
    return int(match[1])


def may_lower_oom_score() -> bool:
    """Whether this process has CAP_SYS_RESOURCE, which containers lack on some virtual machines."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    return bool(effective >> _CAP_SYS_RESOURCE & 1)


_VERSION_2 = """\
version = 2
root = "{root}"
state = "{state}"

[grpc]
  address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = {restrict}
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{bin_dir}"
    conf_dir = "{conf_dir}"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "{runtime}"
"""

_VERSION_3 = """\
version = 3
root = "{root}"
state = "{state}"

[grpc]
  address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
  stream_server_address = "127.0.0.1"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{pause}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = {restrict}
  netns_mounts_under_state_dir = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dir = "{bin_dir}"
    conf_dir = "{conf_dir}"

  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "{runtime}"
"""
