"""Files written so that a reader never sees half of one, and a crash never leaves one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Replace `path` with `content` in one step, on disk before this returns; makes its folder (0755)."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def write_if_changed(path: Path, content: bytes | str, mode: int = 0o644) -> bool:
    """As `write_atomic`, but leaves a file alone that already holds this; True when it wrote."""
    data = content.encode() if isinstance(content, str) else content
    try:
        unchanged = path.read_bytes() == data and path.stat().st_mode & 0o7777 == mode
    except FileNotFoundError:
        unchanged = False
    if not unchanged:
        write_atomic(path, data, mode)
    return not unchanged
