"""Files written so that a reader never sees half of one, and a crash never leaves one in its place."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_atomic(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Replace `path` with `content` in one step, on disk before this returns; makes its folder (0755)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(_bytes(content))
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise


def write_if_changed(path: Path, content: bytes | str, mode: int = 0o644) -> bool:
    """As `write_atomic`, but leaves a file alone that already holds this; True when it wrote."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == _bytes(content) and path.stat().st_mode & 0o7777 == mode:
            return False
    write_atomic(path, content, mode)
    return True


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
