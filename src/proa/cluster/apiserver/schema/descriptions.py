"""What `kubectl explain` says of the fields that every object has.

Source: Kubernetes API concepts; the sentences are our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

_DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    _OBJECT_META: {
        "": "ObjectMeta is what every stored object has: its identity, its labels and who owns it.",
        "annotations": "Texts by key that tools keep with an object. They cannot be selected by.",
        "creationTimestamp": "CreationTimestamp is a timestamp of the object's creation, set by the server.",
        "deletionGracePeriodSeconds": "Seconds that the object may take to end once it is being deleted.",
        "deletionTimestamp": "When the object is to be gone, set by the server when a client deletes it.",
        "finalizers": "Whoever must act before the object may go. Each removes its own entry when done.",
        "generateName": "A prefix, to which the server adds a random suffix when no name is given.",
        "generation": "Counts the changes of what is wanted of the object; set by the server.",
        "labels": "Short texts by key, by which objects are selected and grouped.",
        "managedFields": "Who set which fields, as server-side apply needs it.",
        "name": "Unique among objects of its kind in its namespace; it cannot be changed.",
        "namespace": "The namespace within which the name is unique; empty for objects of the whole cluster.",
        "ownerReferences": "Objects that this one depends on. It is deleted when all of them are gone.",
        "resourceVersion": "The revision of this state of the object. Sent back with an update, it "
        "shows changes made meanwhile.",
        "selfLink": "No longer set.",
        "uid": "Unique in time and space; set by the server.",
    },
}


@lru_cache
def described(name: str, raw: bytes) -> bytes:
    """The JSON of a definition, with what there is to say of its fields."""
    texts = _DESCRIPTIONS.get(name)
    if texts is None:
        return raw
    schema = msgspec.json.decode(raw)
    schema["description"] = texts[""]
    for field, text in texts.items():
        if field:
            schema["properties"][field] = _with_text(schema["properties"][field], text)
    return msgspec.json.encode(schema)


def _with_text(schema: dict[str, object], text: str) -> dict[str, object]:
    """A reference has its description beside it, for which v3 wraps it."""
    return {"allOf": [schema], "description": text} if "$ref" in schema else {**schema, "description": text}
