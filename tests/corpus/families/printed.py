"""The rows that kubectl prints, of objects in all states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus.story import TABLE, Step, delete, get, post, put, story
from corpus.tables import rows
from proa.cluster.apiserver.kinds import KINDS


def _steps(number: int, obj: dict[str, Any]) -> Iterator[Step]:
    kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
    assert kind is not None
    metadata = obj["metadata"]
    if "." not in metadata["name"]:
        metadata["name"] += str(number)
    collection = kind.resource.path(metadata.get("namespace", "")).replace("%3C", "<").replace("%3E", ">")
    path = f"{collection}/{metadata['name']}"
    yield post("create", collection, obj)
    if "status" in obj and "status" in kind.subresources:
        yield put("status", f"{path}/status", obj)
    yield get("row", path, accept=TABLE)
    if not kind.resource.namespaced:
        yield delete("delete", path)


STORIES = tuple(
    story(name, *_steps(number, obj), namespace="namespace" in obj["metadata"])
    for number, (name, obj) in enumerate(rows("printed"))
)
