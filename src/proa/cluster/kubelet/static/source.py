"""The directory of manifests: its files are the static pods of the node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from proa.cluster.kubelet.static.inotify import changes
from proa.cluster.kubelet.static.manifest import ManifestError, parse_manifest
from proa.kube import Object, now

_log = logging.getLogger(__name__)

_SUFFIXES = (".yaml", ".yml", ".json")
_SETTLE = 0.1
"""Seconds in which a file that is being written becomes whole."""


class StaticSource:
    """Reads the directory and follows its changes; `on_change` is told all pods each time."""

    def __init__(self, directory: Path, node: str, on_change: Callable[[Sequence[Object]], None]) -> None:
        self._directory = directory
        self._node = node
        self._on_change = on_change
        self._known: dict[Path, tuple[str, Object]] = {}

    def read(self) -> None:
        """Read all files now; one that is wrong is named in the log, and its pod stays as it was."""
        self._directory.mkdir(parents=True, exist_ok=True)
        paths = sorted(p for p in self._directory.iterdir() if p.suffix in _SUFFIXES and p.is_file())
        self._known = {path: known for path, known in self._known.items() if path in paths}
        for path in paths:
            self._read(path)
        self._on_change([pod for _, pod in self._known.values()])

    async def run(self) -> None:
        """Follow the directory until cancelled."""
        with changes(self._directory) as changed:
            while True:
                await changed.wait()
                await asyncio.sleep(_SETTLE)
                changed.clear()
                self.read()

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text()
            if path not in self._known or self._known[path][0] != text:
                self._known[path] = (text, parse_manifest(text, str(path), self._node, now()))
        except (ManifestError, OSError, UnicodeError) as fault:
            _log.warning("static pod not read: %s", fault)
