"""Where a certificate and its key are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class KeyPair(NamedTuple):
    """The PEM files of a certificate and its private key."""

    certificate: Path
    key: Path

    @classmethod
    def at(cls, directory: Path, name: str) -> KeyPair:
        return cls(directory / f"{name}.crt", directory / f"{name}.key")
