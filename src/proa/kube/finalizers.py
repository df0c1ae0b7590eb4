"""Putting a finalizer on an object and taking it off, without losing another writer's."""

from __future__ import annotations

from proa.kube.client import Client
from proa.kube.meta import is_deleting
from proa.kube.resources import Object, Resource


async def set_finalizer(
    client: Client, resource: Resource, obj: Object, finalizer: str, *, wanted: bool
) -> None:
    """Make the finalizer stand, or not stand, on the object as it was read.

    An object that is being deleted is given none, as the API forbids it. Raises Conflict when the
    object was changed since it was read.
    """
    metadata = obj["metadata"]
    finalizers = list(metadata.get("finalizers") or ())
    if wanted == (finalizer in finalizers) or (wanted and is_deleting(obj)):
        return
    changed = [*finalizers, finalizer] if wanted else [f for f in finalizers if f != finalizer]
    patch = {"metadata": {"finalizers": changed, "resourceVersion": metadata["resourceVersion"]}}
    await client.patch(resource, metadata["name"], patch, metadata.get("namespace", ""))
