"""Puts the plugin and its configuration where the runtime looks for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from proa.files import write_if_changed
from proa.network import plugin

CONFLIST = "10-proa.conflist"
NETWORK_NAME = "proa"
DISTRIBUTION_DIRS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
_COMPANIONS = ("loopback", "portmap", "bandwidth")
"""Plugins of the distribution that a runtime looks for beside ours: it searches one directory only."""


def install_plugin(bin_dir: Path, *, companions: Iterable[Path] = DISTRIBUTION_DIRS) -> Path:
    """Writes the plugin `proa` into `bin_dir`, and links to the distribution's; returns its path."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    source = Path(plugin.__file__).read_text()
    interpreter = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    path = bin_dir / "proa"
    write_if_changed(path, f"#!{interpreter} -IS\n{source}", mode=0o755)
    for name in _COMPANIONS:
        found = next((directory / name for directory in companions if (directory / name).exists()), None)
        if found and not (bin_dir / name).exists():
            (bin_dir / name).symlink_to(found)
    return path


def conflist(socket: Path, bin_dir: Path) -> dict[str, Any]:
    """The network configuration list; host ports are served when the plugin for them is there."""
    plugins: list[dict[str, Any]] = [{"type": "proa", "socket": str(socket)}]
    if (bin_dir / "portmap").exists():
        plugins.append({"type": "portmap", "capabilities": {"portMappings": True}})
    return {"cniVersion": "1.0.0", "name": NETWORK_NAME, "plugins": plugins}


def write_conflist(conf_dir: Path, socket: Path, bin_dir: Path) -> Path:
    """Tells the runtime that the network is ready; returns the file's path."""
    path = conf_dir / CONFLIST
    write_if_changed(path, json.dumps(conflist(socket, bin_dir), indent=2) + "\n")
    return path
