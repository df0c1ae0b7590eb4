"""Objects as a Table (meta.k8s.io/v1), which is what `kubectl get` prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from proa.cluster.apiserver.kind import Kind
from proa.kube.resources import Object

META = "meta.k8s.io/v1"
_FINISHED = {
    phase: [{"type": "Completed", "status": "True", "reason": phase, "message": message}]
    for phase, message in (
        ("Succeeded", "The pod has completed successfully."),
        ("Failed", "The pod failed."),
    )
}


def table(
    kind: Kind,
    objects: Iterable[Object],
    include_object: str = "Metadata",
    now: dt.datetime | None = None,
    api_version: str = META,
) -> Object:
    """A Table with one row an object; set `metadata` of a list (resourceVersion, continue) afterwards.

    `include_object` is what a row carries: "None", "Metadata" (PartialObjectMetadata) or "Object".
    """
    now = now or dt.datetime.now(dt.UTC)
    return {
        "kind": "Table",
        "apiVersion": api_version,
        "metadata": {"resourceVersion": ""},
        "columnDefinitions": [column.definition() for column in kind.columns],
        "rows": [_row(kind, obj, include_object, now, api_version) for obj in objects],
    }


def _row(kind: Kind, obj: Object, include_object: str, now: dt.datetime, api_version: str) -> Object:
    row: Object = {"cells": [column.cell(obj, now) for column in kind.columns]}
    conditions = _conditions(kind, obj)
    if conditions:
        row["conditions"] = conditions
    if include_object == "Object":
        row["object"] = obj
    elif include_object == "Metadata":
        row["object"] = partial_metadata(obj, api_version)
    else:
        row["object"] = None
    return row


def partial_metadata(obj: Object, api_version: str = META) -> Object:
    """The PartialObjectMetadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": api_version, "metadata": obj["metadata"]}


def _conditions(kind: Kind, obj: Object) -> list[Object]:
    """What says that a pod is over, so that clients can grey it out."""
    if kind.resource.kind != "Pod":
        return []
    return _FINISHED.get(obj.get("status", {}).get("phase", ""), [])
