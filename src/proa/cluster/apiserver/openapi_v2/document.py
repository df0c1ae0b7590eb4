"""The document of OpenAPI v2, in JSON and in protobuf, kept up to date piece by piece."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from proa.cluster.apiserver.openapi import OpenApi
from proa.cluster.apiserver.openapi_v2 import downgrade, wire

_HEAD: Mapping[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Kubernetes", "version": "unversioned"},
    "security": [{"BearerToken": []}],
    "securityDefinitions": {
        "BearerToken": {
            "type": "apiKey",
            "name": "authorization",
            "in": "header",
            "description": "A bearer token",
        }
    },
}


class Form(NamedTuple):
    """The document in one encoding, and the hash of its content."""

    body: bytes
    hash: str


class _Piece(NamedTuple):
    """A path or a definition, encoded."""

    json: bytes
    protobuf: bytes


@dataclass
class _Part:
    """What one document of v3 brings."""

    hash: str
    paths: dict[str, _Piece] = field(default_factory=dict)
    definitions: dict[str, _Piece] = field(default_factory=dict)


class _Components(msgspec.Struct):
    schemas: dict[str, msgspec.Raw]


class _V3(msgspec.Struct):
    paths: dict[str, dict[str, Any]]
    components: _Components


class OpenApiV2:
    """Made when it is first asked for; afterwards only groups whose kinds changed are encoded anew."""

    def __init__(self, v3: OpenApi) -> None:
        self._v3 = v3
        self._parts: dict[str, _Part] = {}
        self._definitions: dict[str, tuple[bytes, _Piece]] = {}
        self._index = b""
        self._json = self._protobuf = Form(b"", "")
        self._lock = asyncio.Lock()

    async def document(self, *, protobuf: bool) -> Form:
        """The whole document, of the kinds that are served now."""
        async with self._lock:
            index = self._v3.index()
            if index is not self._index:
                names = self._v3.names()
                bodies = {name: (self._v3.hash(name), self._v3.document(name) or b"") for name in names}
                self._json, self._protobuf = await asyncio.to_thread(self._build, bodies)
                self._index = index
            return self._protobuf if protobuf else self._json

    def _build(self, bodies: Mapping[str, tuple[str, bytes]]) -> tuple[Form, Form]:
        """A few hundred milliseconds at first, in a thread of its own; requests go on meanwhile."""
        for name, (known, body) in bodies.items():
            part = self._parts.get(name)
            if part is None or part.hash != known:
                self._parts[name] = self._part(known, body)
        self._parts = {name: self._parts[name] for name in bodies}
        paths = {path: piece for part in self._parts.values() for path, piece in part.paths.items()}
        definitions = {key: piece for part in self._parts.values() for key, piece in part.definitions.items()}
        self._definitions = {name: self._definitions[name] for name in definitions}
        content = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in _HEAD.items()}
        content["paths"] = _joined(paths)
        content["definitions"] = _joined(definitions)
        body = msgspec.json.encode(content)
        digest = hashlib.sha256(body).hexdigest().upper()
        binary = wire.document(
            _HEAD,
            (paths[name].protobuf for name in sorted(paths)),
            (definitions[name].protobuf for name in sorted(definitions)),
        )
        return Form(body, digest), Form(binary, digest)

    def _part(self, known: str, body: bytes) -> _Part:
        v3 = msgspec.json.decode(body, type=_V3)
        part = _Part(known)
        for path, item in v3.paths.items():
            v2 = downgrade.path_item(item)
            part.paths[path] = _Piece(msgspec.json.encode(v2), wire.named_path(path, v2))
        for name, raw in v3.components.schemas.items():
            part.definitions[name] = self._definition(name, bytes(raw))
        return part

    def _definition(self, name: str, raw: bytes) -> _Piece:
        """Encoded once, though many documents hold the same."""
        known, piece = self._definitions.get(name, (b"", _Piece(b"", b"")))
        if known != raw:
            v2 = downgrade.definition(msgspec.json.decode(raw))
            piece = _Piece(msgspec.json.encode(v2), wire.named_schema(name, v2))
            self._definitions[name] = raw, piece
        return piece


def _joined(pieces: Mapping[str, _Piece]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({name: msgspec.Raw(pieces[name].json) for name in sorted(pieces)}))
