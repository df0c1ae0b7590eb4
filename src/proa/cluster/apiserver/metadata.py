"""What only the server says in an object's metadata. Pure.

Source: apiserver pkg/registry/rest/{create,update}.go.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.target import Target
from proa.errors import BadRequest
from proa.kube.resources import Object

_DROPPED_WHEN_EMPTY = ("labels", "annotations", "finalizers", "ownerReferences", "generateName")
_ASKED_BY_METADATA = {"Deployment": "annotations", "EndpointSlice": "labels"}
_SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_OF_A_LIFE = (*_SERVER_OWNED, "selfLink", "managedFields")
_VERSION_4 = 4 << 76 | 2 << 62
"""Version and variant, where a UUID has them (RFC 9562)."""
_RANDOM = ~(0xF << 76 | 3 << 62)


def new_uid() -> str:
    """A random UUID. It has to be unique, not secret, so the system's entropy is not asked each time."""
    digits = f"{random.getrandbits(128) & _RANDOM | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@lru_cache(1)
def _at(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def now() -> str:
    """The present as in creationTimestamp."""
    return _at(int(time.time()))


def of(obj: Object) -> dict[str, Any]:
    """The metadata, made when it is absent. Raises BadRequest when it is no object."""
    metadata = obj.get("metadata")
    if metadata is None:
        metadata = obj["metadata"] = {}
    if not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    return metadata


def settle_address(obj: Object, target: Target) -> None:
    """Fill namespace and name from the path. Raises BadRequest when they contradict it."""
    metadata = of(obj)
    if target.resource.namespaced:
        given = metadata.setdefault("namespace", target.namespace) or target.namespace
        if given != target.namespace:
            raise BadRequest(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        metadata["namespace"] = target.namespace
    else:
        metadata.pop("namespace", None)
    for name in _DROPPED_WHEN_EMPTY:
        if name in metadata and not metadata[name]:
            del metadata[name]
    if target.name and metadata.setdefault("name", target.name) != target.name:
        raise BadRequest(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        )


def wipe(obj: Object) -> None:
    """Leave nothing of a past life in the metadata."""
    metadata = obj["metadata"]
    for name in _OF_A_LIFE:
        metadata.pop(name, None)


def stamp(obj: Object) -> None:
    """Give a new object its uid and time."""
    metadata = obj["metadata"]
    metadata["uid"] = new_uid()
    metadata["creationTimestamp"] = now()


def carry_over(new: Object, old: Object) -> None:
    """Keep in `new` what only the server sets."""
    metadata, before = new["metadata"], old["metadata"]
    for name in _SERVER_OWNED:
        if name in before:
            metadata[name] = before[name]
        else:
            metadata.pop(name, None)
    metadata.pop("selfLink", None)
    metadata["resourceVersion"] = before["resourceVersion"]


def revision(fields: Mapping[str, Any]) -> str:
    """The resourceVersion that a writer's metadata names; empty for any, which 0 says too."""
    named = fields.get("resourceVersion") or ""
    return "" if named == "0" else str(named)


def begin(obj: Object, kind: Kind) -> None:
    """Give a new object its first status and generation."""
    if "status" in kind.subresources:
        kind.first_status(obj)
    if kind.generation:
        obj["metadata"]["generation"] = 1


def proceed(new: Object, old: Object, kind: Kind) -> None:
    """Keep the status, which has its own subresource, and count a change of what the object asks for."""
    if "status" in kind.subresources:
        new.pop("status", None)
        if "status" in old:
            new["status"] = old["status"]
    if kind.generation and _asked(new) != _asked(old):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _asked(obj: Object) -> Object:
    """What an object asks for; of some kinds a part of the metadata too, as their readers depend on it."""
    part = _ASKED_BY_METADATA.get(obj["kind"])
    return {**obj, "metadata": obj["metadata"].get(part) if part else None}
