"""The programs that make containers: runc, and crun where it is installed, which takes a third of the time.

Pods choose one by a RuntimeClass whose `handler` is its name; `--default-runtime` is for all others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from proa.errors import MissingProgram, UserError
from proa.machine.checks import SYSTEM_PATH

NAMES = ("runc", "crun")
_CGROUPS = Path("/sys/fs/cgroup")


def installed() -> dict[str, str]:
    """The path of each runtime that is there."""
    path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"
    found = ((name, shutil.which(name, path=path)) for name in NAMES)
    return {name: place for name, place in found if place}


def check(default: str, cgroups: Path = _CGROUPS) -> None:
    """Raises UserError when no pod could be run by this runtime."""
    if default not in installed():
        raise MissingProgram(default, default)
    unified = cgroups / "unified" / "cgroup.controllers"
    if default == "crun" and unified.exists() and unified.read_text().strip():
        raise UserError(
            "--default-runtime crun: crun refuses a machine with controllers of both cgroup versions"
        )


def sections(plugin: str, found: Mapping[str, str]) -> Iterator[str]:
    """What containerd's configuration says of these, names and paths, below the part of this name; pure."""
    for name, place in found.items():
        runtime = f'plugins."{plugin}".containerd.runtimes.{name}'
        yield f"""
  [{runtime}]
    runtime_type = "io.containerd.runc.v2"

    [{runtime}.options]
      BinaryName = "{place}"
      SystemdCgroup = false
"""
