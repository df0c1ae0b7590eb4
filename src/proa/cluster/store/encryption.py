"""Values encrypted at rest, by an apiserver.config.k8s.io/v1 EncryptionConfiguration.

The first provider of a resource seals what is written, all of them open what is read. A sealed value begins
with `k8s:enc:PROVIDER:v1:KEY:`, as in etcd; its store key is authenticated with it (aesgcm). Values in memory
are plain, so that reads cost nothing. Providers: aesgcm, aescbc, identity.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proa.errors import UserError

_MARK = b"k8s:enc:"
_SIZES = (16, 24, 32)
Transform = Callable[[bytes, bytes], bytes]
"""(value, authenticated key) to the other form."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a provider: how it seals and opens, and what its values begin with."""

    prefix: bytes
    seal: Transform
    unseal: Transform


def is_sealed(value: bytes) -> bool:
    """Whether stored bytes are encrypted; plain ones are a JSON object."""
    return value.startswith(_MARK)


def _aesgcm(secret: bytes) -> tuple[Transform, Transform]:
    cipher = AESGCM(secret)

    def seal(value: bytes, about: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + cipher.encrypt(nonce, value, about)

    return seal, lambda sealed, about: cipher.decrypt(sealed[:12], sealed[12:], about)


def _aescbc(secret: bytes) -> tuple[Transform, Transform]:
    def seal(value: bytes, _about: bytes) -> bytes:
        start, pad = os.urandom(16), padding.PKCS7(128).padder()
        encryptor = BlockCipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
        return start + encryptor.update(pad.update(value) + pad.finalize()) + encryptor.finalize()

    def unseal(sealed: bytes, _about: bytes) -> bytes:
        decryptor, unpad = (
            BlockCipher(algorithms.AES(secret), modes.CBC(sealed[:16])).decryptor(),
            padding.PKCS7(128).unpadder(),
        )
        padded = decryptor.update(sealed[16:]) + decryptor.finalize()
        return unpad.update(padded) + unpad.finalize()

    return seal, unseal


_PROVIDERS: Mapping[str, Callable[[bytes], tuple[Transform, Transform]]] = {
    "aesgcm": _aesgcm,
    "aescbc": _aescbc,
}


class Encryption:
    """Seals and opens values by their store key. `source` is named in errors."""

    def __init__(self, source: str, keys: Mapping[str, Sequence[Key | None]]) -> None:
        """`keys` by bucket (`group/plural/`), None for identity; the first of a bucket seals."""
        self._source = source
        self._keys = keys

    def seal(self, key: str, value: bytes) -> bytes:
        """The bytes to store."""
        first = self._first(key)
        return value if first is None else first.prefix + first.seal(value, key.encode())

    def unseal(self, key: str, value: bytes) -> bytes:
        """The plain bytes. Raises UserError when no key opens them."""
        if not is_sealed(value):
            return value
        for each in self._keys.get(_bucket(key), ()):
            if each is not None and value.startswith(each.prefix):
                try:
                    return each.unseal(value[len(each.prefix) :], key.encode())
                except (InvalidTag, ValueError) as error:
                    why = f"the key of that name in {self._source} is another"
                    raise _unreadable(key, value, why) from error
        raise _unreadable(key, value, f"{self._source} has no such key")

    def is_current(self, key: str, value: bytes) -> bool:
        """Whether stored bytes are in the form that a write would give them now."""
        first = self._first(key)
        return not is_sealed(value) if first is None else value.startswith(first.prefix)

    def _first(self, key: str) -> Key | None:
        keys = self._keys.get(_bucket(key), ())
        return keys[0] if keys else None


NO_ENCRYPTION = Encryption("the configuration", {})


def _unreadable(key: str, value: bytes, why: str) -> UserError:
    name = b":".join(value.split(b":", 5)[2:5]).decode(errors="replace")
    return UserError(
        f"{key} is encrypted by the key {name}, and {why}: give back the file of keys that was used "
        "(--encryption-provider-config, or with --secrets-encryption that of the data folder); "
        "nothing was changed"
    )


def _bucket(key: str) -> str:
    return key[: key.index("/", key.index("/") + 1) + 1]


def load_encryption(path: Path) -> Encryption:
    """The keys in a file. Raises UserError that says what is wrong in it."""
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as an EncryptionConfiguration: {why}") from error
    if path.stat().st_mode & 0o077:
        raise UserError(f"{path}: others can read these keys: chmod 600 {path}")
    if not isinstance(content, dict) or content.get("kind") != "EncryptionConfiguration":
        raise UserError(f"{path}: must be an object of kind EncryptionConfiguration")
    keys: dict[str, Sequence[Key | None]] = {}
    for index, part in enumerate(content.get("resources") or []):
        found = _keys(path, f"resources[{index}]", part)
        for name in part.get("resources") or []:
            plural, _, group = str(name).partition(".")
            keys.setdefault(f"{group}/{plural}/", found)
    return Encryption(str(path), keys)


def _keys(path: Path, where: str, part: Any) -> list[Key | None]:
    keys: list[Key | None] = []
    for number, provider in enumerate(part.get("providers") or []):
        at = f"{where}.providers[{number}]"
        for name, options in provider.items():
            if name == "identity":
                keys.append(None)
            elif name in _PROVIDERS:
                keys += [_key(path, at, name, key) for key in (options or {}).get("keys") or ()]
            else:
                known = ", ".join([*_PROVIDERS, "identity"])
                raise UserError(f"{path}: {at}: no provider {name!r} here: use one of {known}")
    if not keys:
        raise UserError(f"{path}: {where}: name at least one provider with a key, or identity")
    return keys


def _key(path: Path, where: str, provider: str, key: Any) -> Key:
    name = str(key.get("name") or "")
    try:
        secret = base64.b64decode(key.get("secret") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        secret = b""
    if not name or ":" in name or len(secret) not in _SIZES:
        raise UserError(f"{path}: {where}: a key needs a name, and as secret 16, 24 or 32 bytes in base64")
    seal, unseal = _PROVIDERS[provider](secret)
    return Key(f"k8s:enc:{provider}:v1:{name}:".encode(), seal, unseal)
