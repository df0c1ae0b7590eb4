"""Small readers and writers of object metadata and conditions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from proa.kube.resources import Object


def key_of(obj: Object) -> str:
    """`namespace/name`, or `name` for a cluster-wide object."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def split_key(key: str) -> tuple[str, str]:
    """(namespace, name) of a key; the namespace is empty for a cluster-wide object."""
    namespace, _, name = key.rpartition("/")
    return namespace, name


def now() -> str:
    """The present as the API writes it: RFC 3339, UTC, whole seconds."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_micro() -> str:
    """The present as a MicroTime (Lease, Event)."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> dt.datetime:
    """An RFC 3339 time of the API, with its time zone."""
    return dt.datetime.fromisoformat(text)


def is_deleting(obj: Object) -> bool:
    """Whether deletion was asked for and only finalizers or a grace period hold the object."""
    return "deletionTimestamp" in obj["metadata"]


def labels_of(obj: Object) -> dict[str, str]:
    """The labels; empty when there are none."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Object) -> dict[str, str]:
    """The annotations; empty when there are none."""
    return obj["metadata"].get("annotations") or {}


def owner_reference(owner: Object, *, controller: bool = True) -> Object:
    """A reference for `metadata.ownerReferences` of what `owner` makes."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": controller,
        "blockOwnerDeletion": controller,
    }


def controller_of(obj: Object) -> Object | None:
    """The owner reference that is marked as the controller."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


def find_condition(obj: Object, kind: str) -> Object | None:
    """The condition of that type in `status.conditions`."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition["type"] == kind:
            return dict(condition)
    return None


def condition_is_true(obj: Object, kind: str) -> bool:
    """Whether the condition is there with status True."""
    condition = find_condition(obj, kind)
    return condition is not None and condition["status"] == "True"


def with_condition(
    conditions: list[Object], kind: str, status: bool, reason: str = "", message: str = "", **more: Any
) -> list[Object]:
    """A new list in which the condition stands; the transition time moves only when the status does."""
    word = "True" if status else "False"
    old = next((c for c in conditions if c["type"] == kind), None)
    same = old is not None and old["status"] == word
    condition: Object = {"type": kind, "status": word} | more
    condition["lastTransitionTime"] = old["lastTransitionTime"] if old and same else now()
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return [c for c in conditions if c["type"] != kind] + [condition]
