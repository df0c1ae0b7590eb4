"""The rows that kubectl prints, of objects in all states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus.story import TABLE, Step, delete, get, post, put, story
from corpus.tables import rows
from proa.cluster.apiserver.kinds import KINDS


def _steps(name: str, number: int, obj: dict[str, Any]) -> Iterator[Step]:
    kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
    assert kind is not None
    metadata = obj["metadata"]
    if "." not in metadata["name"]:
        metadata["name"] += str(number)
    collection = kind.resource.path(metadata.get("namespace", "")).replace("%3C", "<").replace("%3E", ">")
    path = f"{collection}/{metadata['name']}"
    yield post(f"{name}: create", collection, obj)
    if "status" in obj and "status" in kind.subresources:
        yield put(f"{name}: status", f"{path}/status", obj)
    yield get(f"{name}: row", path, accept=TABLE)
    if not kind.resource.namespaced:
        yield delete(f"{name}: delete", path)


STORIES = (
    story("rows", *(step for n, (name, obj) in enumerate(rows("printed")) for step in _steps(name, n, obj))),
)
