"""Puts the plugin and its configuration where the runtime looks for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from proa.errors import MissingProgram
from proa.files import write_if_changed
from proa.network.cni import VERSIONS

CONFLIST = "10-proa.conflist"
NETWORK_NAME = "proa"
DISTRIBUTION_DIRS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
_INTERPRETER = Path("/usr/bin/perl")
_PLUGIN = Path(__file__).with_name("plugin.pl")
_COMPANION = "loopback"
"""The distribution's plugin that a runtime looks for beside ours: it searches one directory only."""


def install_plugin(bin_dir: Path, *, companions: Iterable[Path] = DISTRIBUTION_DIRS) -> Path:
    """Puts the plugin `proa` and a link to the distribution's `loopback` into a folder; returns its path.

    Raises MissingProgram when there is no Perl.
    """
    if not _INTERPRETER.exists():
        raise MissingProgram(str(_INTERPRETER), "perl-base")
    bin_dir.mkdir(parents=True, exist_ok=True)
    path = bin_dir / "proa"
    versions = ", ".join(f'"{version}"' for version in VERSIONS)
    write_if_changed(path, _PLUGIN.read_text().replace("@VERSIONS@", versions), mode=0o755)
    found = next((folder / _COMPANION for folder in companions if (folder / _COMPANION).exists()), None)
    if found and not (bin_dir / _COMPANION).exists():
        (bin_dir / _COMPANION).symlink_to(found)
    return path


def conflist(socket: Path) -> dict[str, Any]:
    """The network configuration list."""
    plugin = {"type": "proa", "socket": str(socket), "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": NETWORK_NAME, "plugins": [plugin]}


def write_conflist(conf_dir: Path, socket: Path) -> Path:
    """Tells the runtime that the network is ready; returns the file's path."""
    path = conf_dir / CONFLIST
    write_if_changed(path, json.dumps(conflist(socket), indent=2) + "\n")
    return path
