"""The ConfigMap `local-path-config`: which directories of which node hold volumes.

`config.json` has upstream's keys (in any case, as Go reads them): `nodePathMap` or
`sharedFileSystemPath`, at the top or per StorageClass below `storageClassConfigs`.
Source: github.com/rancher/local-path-provisioner, README.
"""

from __future__ import annotations

import json
import posixpath
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proa.errors import ProaError

DEFAULT_NODE = "DEFAULT_PATH_FOR_NON_LISTED_NODES"


class ConfigError(ProaError):
    """The configuration is wrong, or has no answer to a question; upstream's wording where it has one."""


@dataclass(frozen=True)
class PathConfig:
    """Directories by node, or one directory that all nodes share."""

    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shared: str = ""

    def is_shared(self) -> bool:
        """Whether every node sees the same directory. Raises ConfigError when that is undecided."""
        if self.shared and self.nodes:
            raise ConfigError(
                "both nodePathMap and sharedFileSystemPath are defined. Please make sure only one is in use"
            )
        if not self.shared and not self.nodes:
            raise ConfigError("both nodePathMap and sharedFileSystemPath are unconfigured")
        return bool(self.shared)

    def paths_on(self, node: str) -> Sequence[str]:
        """The directories that may hold volumes on a node. Raises ConfigError when there is none."""
        if self.is_shared():
            return (self.shared,)
        paths = self.nodes.get(node, self.nodes.get(DEFAULT_NODE))
        if paths is None:
            raise ConfigError(f"config doesn't contain node {node}, and no {DEFAULT_NODE} available")
        if not paths:
            raise ConfigError(f"no local path available on node {node}")
        return paths

    def choose(self, node: str, volume_name: str, wanted: str = "") -> str:
        """The directory for a new volume: the wanted one, else any, the same at every attempt."""
        paths = self.paths_on(node)
        if wanted:
            if wanted not in paths:
                raise ConfigError(f"config doesn't contain path {wanted} on node {node}")
            return wanted
        return paths[zlib.crc32(volume_name.encode()) % len(paths)]


@dataclass(frozen=True)
class LocalPathConfig:
    """The whole configuration: for all classes alike, or per StorageClass."""

    everywhere: PathConfig = field(default_factory=PathConfig)
    classes: Mapping[str, PathConfig] = field(default_factory=dict)

    def for_class(self, name: str) -> PathConfig:
        """What holds for volumes of a StorageClass. Raises ConfigError for a class that is not listed."""
        if not self.classes:
            return self.everywhere
        if name not in self.classes:
            raise ConfigError(f"BUG: Got request for unexpected storage class {name}")
        return self.classes[name]

    def all_paths(self, node: str) -> set[str]:
        """Every directory that may hold volumes on a node, whatever the class."""
        found: set[str] = set()
        for each in self.classes.values() if self.classes else (self.everywhere,):
            found |= (
                {each.shared} if each.shared else set(each.nodes.get(node, each.nodes.get(DEFAULT_NODE, ())))
            )
        return found


def parse_config(text: str) -> LocalPathConfig:
    """Read `config.json`. Raises ConfigError, naming path and node."""
    try:
        document = json.loads(text)
    except ValueError as fault:
        raise ConfigError(f"config.json is not valid JSON: {fault}") from None
    fields = _fields(document, "config.json")
    classes = _fields(fields.get("storageclassconfigs") or {}, "storageClassConfigs", keep_case=True)
    return LocalPathConfig(
        _path_config(fields),
        {name: _path_config(_fields(each, f"storageClassConfigs.{name}")) for name, each in classes.items()},
    )


def default_document(path: str) -> str:
    """`config.json` with one directory for all nodes."""
    return json.dumps({"nodePathMap": [{"node": DEFAULT_NODE, "paths": [path]}]}, indent=2)


def _path_config(fields: Mapping[str, Any]) -> PathConfig:
    nodes: dict[str, tuple[str, ...]] = {}
    for entry in fields.get("nodepathmap") or ():
        row = _fields(entry, "nodePathMap")
        name = str(row.get("node") or "")
        if name in nodes:
            raise ConfigError(f"duplicate node {name}")
        nodes[name] = _paths(row.get("paths") or (), name)
    shared = fields.get("sharedfilesystempath")
    return PathConfig(nodes, _path(shared, "as sharedFileSystemPath") if shared else "")


def _paths(paths: Sequence[Any], node: str) -> tuple[str, ...]:
    clean: list[str] = []
    for each in paths:
        path = _path(each, f"on node {node}")
        if path in clean:
            raise ConfigError(f"duplicate path {path} on node {node}")
        clean.append(path)
    return tuple(clean)


def _path(path: Any, where: str) -> str:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ConfigError(f"path must start with / for path {path} {where}")
    clean: str = posixpath.normpath(path)
    if clean.strip("/") == "":
        raise ConfigError(f"cannot use root ('/') as path {where}")
    return clean


def _fields(value: Any, where: str, *, keep_case: bool = False) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be an object, not {type(value).__name__}")
    return {key if keep_case else key.lower(): item for key, item in value.items()}
