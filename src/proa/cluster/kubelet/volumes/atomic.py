"""Files that change all at once (source: kubernetes pkg/volume/util/atomic_writer.go, the layout).

The files lie in a directory with a new name for each content; the link `..data` points to it, and
each visible name is a link through `..data`. Renaming one link therefore swaps them all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from proa.cluster.kubelet.problems import VolumeProblem

_DATA = "..data"


@dataclass(frozen=True, slots=True)
class File:
    """Contents, permission bits and owner of one file; nobody's number is the kubelet's own."""

    data: bytes
    mode: int = 0o644
    owner: int | None = None


Payload = Mapping[str, File]
"""Files by their path relative to the volume."""


def write_payload(directory: Path, payload: Payload, group: int | None = None) -> bool:
    """Make the volume hold exactly these files; False when it does already. Raises VolumeProblem, OSError."""
    for path in payload:
        _check(path)
    current = directory / _DATA
    if _read(current) == dict(payload):
        return False
    old = current.resolve() if current.is_symlink() else None
    new = _write_new(directory, payload, group)
    _swap(directory, new)
    _link_names(directory, payload)
    if old is not None and old != new:
        shutil.rmtree(old, ignore_errors=True)
    return True


def _check(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or parts[0].startswith(".."):
        raise VolumeProblem(f"invalid path {path!r}: must be relative and not start with or contain '..'")


def _read(data: Path) -> dict[str, File] | None:
    if not data.is_dir():
        return None
    found = {}
    for top, _, names in os.walk(data):
        for name in names:
            file = Path(top, name)
            found[str(file.relative_to(data))] = _file(file)
    return found


def _file(path: Path) -> File:
    info = path.stat()
    owner = None if info.st_uid == os.geteuid() else info.st_uid
    return File(path.read_bytes(), info.st_mode & 0o7777, owner)


def _write_new(directory: Path, payload: Payload, group: int | None) -> Path:
    new = Path(tempfile.mkdtemp(prefix="..", dir=directory))
    new.chmod(0o755)
    for path, file in payload.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(file.mode)
        os.chown(target, -1 if file.owner is None else file.owner, -1 if group is None else group)
    return new


def _swap(directory: Path, new: Path) -> None:
    link = directory / "..data_tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(new.name)
    link.rename(directory / _DATA)


def _link_names(directory: Path, payload: Payload) -> None:
    wanted = {PurePosixPath(path).parts[0] for path in payload}
    for entry in list(directory.iterdir()):
        if not entry.name.startswith("..") and entry.name not in wanted:
            entry.unlink()
    for name in wanted:
        link = directory / name
        if not link.is_symlink():
            link.symlink_to(f"{_DATA}/{name}")
