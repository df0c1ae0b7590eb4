"""The file of keys by which Secrets are encrypted at rest, as `--secrets-encryption` keeps it.

The server reads it when it starts and brings all Secrets under the first key; so a change is done after
the next start, and only then may an old key go.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
from pathlib import Path
from typing import Any

import yaml

from proa.errors import UserError
from proa.files import write_atomic

_IDENTITY: dict[str, Any] = {"identity": {}}


def ensure(path: Path) -> None:
    """Make the file with a first key, when there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, [_new_key()], enabled=True)


def enable(path: Path) -> None:
    """From the next start on Secrets are encrypted."""
    keys, _ = _read(path)
    _write(path, keys or [_new_key()], enabled=True)


def disable(path: Path) -> None:
    """From the next start on Secrets are plain; the keys stay, to read what is encrypted."""
    _write(path, _read(path)[0], enabled=False)


def rotate(path: Path) -> str:
    """Put a new key first; its name. From the next start on all is under it."""
    keys, _ = _read(path)
    new = _new_key()
    _write(path, [new, *keys], enabled=True)
    return str(new["name"])


def prune(path: Path) -> list[str]:
    """Remove all keys but the first; their names."""
    keys, enabled = _read(path)
    if not enabled:
        raise UserError("encryption is disabled: the keys stay, to read what was encrypted")
    _write(path, keys[:1], enabled=True)
    return [str(key["name"]) for key in keys[1:]]


def status(path: Path) -> tuple[bool, list[str]]:
    """Whether new Secrets are encrypted, and the names of the keys, the active one first."""
    keys, enabled = _read(path)
    return enabled, [str(key["name"]) for key in keys]


def _new_key() -> dict[str, str]:
    stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H-%M-%S-%f")
    return {"name": f"aesgcmkey-{stamp}", "secret": base64.b64encode(os.urandom(32)).decode()}


def _read(path: Path) -> tuple[list[dict[str, str]], bool]:
    """The keys, and whether the first of them is active."""
    try:
        providers = yaml.safe_load(path.read_text())["resources"][0]["providers"]
        keys: list[dict[str, str]] = next((p["aesgcm"]["keys"] for p in providers if "aesgcm" in p), [])
    except FileNotFoundError:
        raise UserError(f"{path} is not there: start the server with --secrets-encryption first") from None
    except (yaml.YAMLError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"{path} is not as proa writes it: restore it from a backup") from error
    return list(keys), "aesgcm" in providers[0]


def _write(path: Path, keys: list[dict[str, str]], *, enabled: bool) -> None:
    sealed: list[dict[str, Any]] = [{"aesgcm": {"keys": keys}}] if keys else []
    providers = [*sealed, _IDENTITY] if enabled else [_IDENTITY, *sealed]
    content = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": providers}],
    }
    write_atomic(path, yaml.safe_dump(content, sort_keys=False), 0o600)
