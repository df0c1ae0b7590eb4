"""The index of OpenAPI v3 with the remotes' documents in it; the documents themselves stay where they are."""

from __future__ import annotations

from typing import Protocol

import msgspec

from proa.cluster.apiserver.aggregation.remotes import Remotes


class OpenApiDocuments(Protocol):
    """What is told of schemas."""

    def index(self) -> bytes: ...

    def document(self, name: str) -> bytes | None: ...


class MergedOpenApi:
    """The same, with more paths in the index."""

    def __init__(self, local: OpenApiDocuments, remotes: Remotes) -> None:
        self._local = local
        self._remotes = remotes
        self._merged: tuple[bytes, int, bytes] = (b"", -1, b"")

    def index(self) -> bytes:
        """`/openapi/v3`."""
        local, generation = self._local.index(), self._remotes.generation
        if not self._remotes:
            return local
        if self._merged[0] is not local or self._merged[1] != generation:
            document = msgspec.json.decode(local)
            for remote in self._remotes.all():
                document["paths"] |= self._remotes.findings(remote.name).documents
            self._merged = (local, generation, msgspec.json.encode(document))
        return self._merged[2]

    def document(self, name: str) -> bytes | None:
        """A document of this server's own, or None."""
        return self._local.document(name)
