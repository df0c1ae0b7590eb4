"""Every verb of every kind that is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from corpus.story import (
    JSON_PATCH,
    PARTIAL,
    PARTIAL_LIST,
    TABLE,
    Step,
    Story,
    delete,
    get,
    patch,
    post,
    put,
    story,
    watch,
)
from corpus.tables import rows
from proa.cluster.apiserver.kinds import KINDS

_LEFT_OUT = (
    "APIService", "CertificateSigningRequest", "ControllerRevision", "CustomResourceDefinition", "Event",
    "FlowSchema", "Namespace", "Node",
)  # fmt: skip
"""Kinds that controllers or the server's other parts act upon, which have stories of their own."""


def _objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """The first good object of each kind."""
    seen = set(_LEFT_OUT)
    for name, path, obj in rows("creates"):
        kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
        if name.startswith("good") and obj["kind"] not in seen and kind is not None and not kind.create_only:
            seen.add(obj["kind"])
            yield path, obj


def _story(path: str, example: dict[str, Any]) -> Story:
    obj = json.loads(json.dumps(example))
    metadata, namespaced = obj["metadata"], "<ns>" in path
    plain = metadata["name"] in ("x", "p") or len(metadata["name"]) < 4
    name = metadata["name"] if namespaced or not plain else f"verbs-{obj['kind'].lower()}"
    metadata["name"] = name
    metadata["labels"] = {**metadata.get("labels", {}), "corpus": "verbs"}
    at, mine = f"{path}/{name}", f"{path}?labelSelector=corpus%3Dverbs"
    kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
    assert kind is not None
    status = "status" in kind.subresources
    label = [{"op": "add", "path": "/metadata/labels/second", "value": "2"}]
    steps: list[Step] = [
        post("create", path, obj),
        post("create it again", path, obj),
        get("get", at),
        get("get its metadata", at, accept=PARTIAL),
        get("list", mine),
        get("list as a table", mine, accept=TABLE),
        get("list metadata", mine, accept=PARTIAL_LIST),
        watch("watch", f"{mine}&watch=true", 1),
        patch("label it", at, {"metadata": {"labels": {"first": "1"}}}),
        patch("label it by a JSON patch", at, label, JSON_PATCH),
        patch("label it as it is", at, {"metadata": {"labels": {"first": "1"}}}),
        put("replace another", f"{path}/other", obj),
        put("replace it under another name", f"{path}/other-name", {**obj, "metadata": {"name": "no"}}),
        put("replace an old one", at, {**obj, "metadata": {**metadata, "resourceVersion": "1", "uid": ""}}),
    ]
    steps.append(put("replace it, of no revision", at, obj))
    if status:
        steps.append(get("get its status", f"{at}/status"))
        steps.append(
            patch("annotate it by its status", f"{at}/status", {"metadata": {"annotations": {"a": "b"}}})
        )
    steps += [
        delete("delete as a dry run", f"{at}?dryRun=All"),
        delete("delete", at),
        delete("delete it again", f"{path}/never-there"),
        get("get what is not there", f"{path}/never-there"),
        patch("patch what is not there", f"{path}/never-there", {}),
        delete("delete all", mine),
    ]
    return story(f"{obj['apiVersion']} {obj['kind']}", *steps, namespace=namespaced)


STORIES = tuple(_story(path, obj) for path, obj in _objects())
