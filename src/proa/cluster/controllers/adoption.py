"""Whose is an object: adoption of orphans that a selector matches, release of those it no longer does.

Source: upstream's controller_ref_manager.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from proa.cluster.controllers.workload_kinds import REPLICATION_CONTROLLERS
from proa.errors import NotFound
from proa.kube import (
    Client,
    Informer,
    Object,
    Resource,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    owner_reference,
)
from proa.kube.selectors import Requirement, Selector, label_selector

_NOTHING = Selector((Requirement("", "In"),))
_BY_CONTROLLER, _BY_NAMESPACE = "controller", "namespace"


@dataclass
class Claim:
    """What an owner's claim comes to."""

    held: list[Object] = field(default_factory=list)
    adopt: list[Object] = field(default_factory=list)
    release: list[Object] = field(default_factory=list)


def selector_of(owner: Object) -> Selector:
    """The owner's `spec.selector`, a plain map of a ReplicationController; a missing one matches nothing."""
    selector = owner["spec"].get("selector")
    if selector and owner["kind"] == REPLICATION_CONTROLLERS.kind:
        selector = {"matchLabels": selector}
    return label_selector(selector) or _NOTHING


def claim(owner: Object, candidates: Iterable[Object]) -> Claim:
    """Sort the objects that the owner holds or could adopt."""
    uid, selector, result = owner["metadata"]["uid"], selector_of(owner), Claim()
    for obj in candidates:
        reference, matches = controller_of(obj), selector.matches(labels_of(obj))
        if reference is not None and reference["uid"] != uid:
            continue
        if reference is not None and matches:
            result.held.append(obj)
        elif reference is not None and not is_deleting(owner):
            result.release.append(obj)
        elif reference is None and matches and not is_deleting(owner) and not is_deleting(obj):
            result.adopt.append(obj)
    return result


class Adopter:
    """Carries out claims of owners of one kind on objects of another."""

    def __init__(self, client: Client, owners: Informer, objects: Informer) -> None:
        self._client = client
        self._owners, self._objects = owners, objects
        owners.add_index(_BY_NAMESPACE, _namespaces)
        objects.add_index(_BY_CONTROLLER, _controllers)

    async def claim(self, owner: Object) -> list[Object]:
        """The objects of the owner, after adoption and release."""
        metadata = owner["metadata"]
        candidates = self.held_by(metadata["uid"])
        candidates += self._objects.by_index(_BY_CONTROLLER, f"{metadata['namespace']}/")
        result = claim(owner, candidates)
        for obj in result.release:
            await self._release(owner, obj)
        if result.adopt and await self._is_alive(self._owners.resource, owner):
            result.held += [await self._adopt(owner, obj) for obj in result.adopt]
        return result.held

    def held_by(self, uid: str) -> list[Object]:
        """The objects whose controller has this uid."""
        return self._objects.by_index(_BY_CONTROLLER, uid)

    def owner_keys(self, obj: Object) -> Iterable[str]:
        """Keys for a Source: the object's controller or, of an orphan, all that could adopt it."""
        namespace, reference = obj["metadata"]["namespace"], controller_of(obj)
        if reference is not None:
            kind = self._owners.resource.kind
            return [f"{namespace}/{reference['name']}"] if reference["kind"] == kind else []
        owners = self._owners.by_index(_BY_NAMESPACE, namespace)
        return [key_of(owner) for owner in owners if selector_of(owner).matches(labels_of(obj))]

    async def _is_alive(self, resource: Resource, owner: Object) -> bool:
        """Asked of the server: an owner that is being deleted must not get what it orphaned back."""
        metadata = owner["metadata"]
        try:
            fresh = await self._client.get(resource, metadata["name"], metadata["namespace"])
        except NotFound:
            return False
        return bool(fresh["metadata"]["uid"] == metadata["uid"]) and not is_deleting(fresh)

    async def _adopt(self, owner: Object, obj: Object) -> Object:
        references = obj["metadata"].get("ownerReferences") or []
        return await self._write(obj, [*references, owner_reference(owner)])

    async def _release(self, owner: Object, obj: Object) -> None:
        references = obj["metadata"]["ownerReferences"]
        with suppress(NotFound):
            await self._write(obj, [r for r in references if r["uid"] != owner["metadata"]["uid"]])

    async def _write(self, obj: Object, references: list[Object]) -> Object:
        metadata = obj["metadata"]
        patch = {"ownerReferences": references, "resourceVersion": metadata["resourceVersion"]}
        resource: Resource = self._objects.resource
        return await self._client.patch(
            resource, metadata["name"], {"metadata": patch}, metadata["namespace"]
        )


def _controllers(obj: Object) -> tuple[str, ...]:
    """Index function: the controller's uid; of an orphan the namespace and a slash."""
    reference = controller_of(obj)
    return (str(reference["uid"]),) if reference else (f"{obj['metadata']['namespace']}/",)


def _namespaces(obj: Object) -> tuple[str, ...]:
    return (obj["metadata"]["namespace"],)
