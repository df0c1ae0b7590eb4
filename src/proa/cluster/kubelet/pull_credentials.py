"""Which passwords the secrets of a pod hold for the registry of an image. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from proa.kube import Object

_DEFAULT_REGISTRY = "docker.io"
_IDENTITY = ("uid", "namespace", "name")


@dataclass(frozen=True, slots=True)
class Credential:
    """What a secret holds for a registry: the CRI's AuthConfig, and which secret it was."""

    auth: Mapping[str, str]
    source: Mapping[str, str]
    """Keys as in records of pulls: `uid`, `namespace`, `name` and `credentialHash`."""

    @classmethod
    def of(cls, auth: Mapping[str, str], secret: Object) -> Self:
        metadata = secret.get("metadata") or {}
        named = {key: str(metadata.get(key) or "") for key in _IDENTITY}
        digest = hashlib.sha256(json.dumps(auth, sort_keys=True).encode()).hexdigest()
        return cls(auth, named | {"credentialHash": digest})

    def matches(self, source: Mapping[str, str]) -> bool:
        """Whether this is the same secret, or another with the same password in it."""
        same = self.source["credentialHash"] == source.get("credentialHash")
        return same or all(self.source[key] == source.get(key) for key in _IDENTITY)


def registry_of(name: str) -> str:
    """The registry of an image name; Docker Hub when none is written."""
    host, slash, _ = name.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else _DEFAULT_REGISTRY


def credentials(name: str, secrets: Iterable[Object]) -> Iterator[Credential]:
    """What pull secrets hold for the image's registry."""
    registry = registry_of(name)
    for secret in secrets:
        data = secret.get("data") or {}
        if ".dockerconfigjson" in data:
            servers = json.loads(base64.b64decode(data[".dockerconfigjson"])).get("auths") or {}
        elif ".dockercfg" in data:
            servers = json.loads(base64.b64decode(data[".dockercfg"]))
        else:
            continue
        found = (_auth(entry) for server, entry in servers.items() if _serves(server, registry))
        yield from (Credential.of(auth, secret) for auth in found)


def _serves(server: str, registry: str) -> bool:
    host = re.sub(r"^https?://", "", server).split("/")[0]
    return host == registry or (registry == _DEFAULT_REGISTRY and host == "index.docker.io")


def _auth(entry: dict[str, Any]) -> dict[str, str]:
    if entry.get("auth") and not entry.get("username"):
        user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
        return {"username": user, "password": password}
    return {
        "username": entry.get("username", ""),
        "password": entry.get("password", ""),
        "identity_token": entry.get("identitytoken", ""),
    }
