"""The history of a pod template as ControllerRevisions, for DaemonSets and StatefulSets.

Source: kubernetes.io, ControllerRevision; upstream's controller_history.go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from proa.cluster.controllers.adoption import Adopter
from proa.cluster.controllers.pod_template import bare, short_hash
from proa.cluster.controllers.workload_kinds import CONTROLLER_REVISIONS
from proa.errors import AlreadyExists, Conflict, NotFound
from proa.kube import (
    Informer,
    Manager,
    Object,
    annotations_of,
    controller_of,
    labels_of,
    owner_reference,
)

HASH_LABEL = "controller-revision-hash"
_NOT_COPIED = "kubectl.kubernetes.io/last-applied-configuration"


class History(NamedTuple):
    """The revision of the present template, and all others, oldest first."""

    current: Object
    old: list[Object]


def data_of(template: Object) -> Object:
    """A patch that brings the template back: what a revision stores.

    Its keys are sorted, at all depths: clients compare it with theirs byte by byte.
    """
    data: Object = _sorted({"spec": {"template": bare(template) | {"$patch": "replace"}}})
    return data


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def new_revision(owner: Object, number: int) -> Object:
    """The revision of the owner's present template; its label holds what the name ends with."""
    template, status = owner["spec"]["template"], owner.get("status") or {}
    data = data_of(template)
    digest = short_hash(data, status.get("collisionCount"))
    labels = (template.get("metadata") or {}).get("labels") or {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{digest}",
            "namespace": owner["metadata"]["namespace"],
            "labels": labels | {HASH_LABEL: digest},
            "annotations": {k: v for k, v in annotations_of(owner).items() if k != _NOT_COPIED},
            "ownerReferences": [owner_reference(owner)],
        },
        "data": data,
        "revision": number,
    }


def superfluous(old: Iterable[Object], used: Collection[str], limit: int) -> list[Object]:
    """Old revisions beyond the limit, lowest first; those whose hash or name is `used` stay."""
    idle = [
        one
        for one in old
        if labels_of(one).get(HASH_LABEL) not in used and one["metadata"]["name"] not in used
    ]
    return idle[: max(0, len(idle) - limit)]


class Revisions:
    """Keeps the history of owners of one kind."""

    def __init__(self, manager: Manager, owners: Informer) -> None:
        self._client = manager.client
        self._owners = owners
        self.informer = manager.informer(CONTROLLER_REVISIONS)
        self.adopter = Adopter(manager.client, owners, self.informer)

    async def history(self, owner: Object) -> History:
        """The owner's revisions; that of the present template is made, or raised above all others."""
        held = sorted(await self.adopter.claim(owner), key=_number)
        data = data_of(owner["spec"]["template"])
        current = [one for one in held if one.get("data") == data]
        old = [one for one in held if one.get("data") != data]
        number = max(map(_number, old), default=0) + 1
        if not current:
            return History(await self._create(owner, new_revision(owner, number)), old)
        newest = current[-1]
        if _number(newest) < number:
            newest = await self._client.update(CONTROLLER_REVISIONS, newest | {"revision": number})
        return History(newest, old)

    async def clean(self, owner: Object, old: Iterable[Object], used: Collection[str]) -> None:
        """Delete what the owner's history limit does not keep."""
        for one in superfluous(old, used, owner["spec"].get("revisionHistoryLimit", 10)):
            metadata = one["metadata"]
            with suppress(NotFound):
                await self._client.delete(
                    CONTROLLER_REVISIONS, metadata["name"], metadata["namespace"], uid=metadata["uid"]
                )

    async def _create(self, owner: Object, wanted: Object) -> Object:
        metadata = wanted["metadata"]
        try:
            return await self._client.create(CONTROLLER_REVISIONS, wanted, metadata["namespace"])
        except AlreadyExists:
            made = await self._client.get(CONTROLLER_REVISIONS, metadata["name"], metadata["namespace"])
        if made.get("data") == wanted["data"] and _controller_uid(made) == owner["metadata"]["uid"]:
            return made
        await self._count_collision(owner)
        raise Conflict(f"controller revision {metadata['name']} belongs to something else")

    async def _count_collision(self, owner: Object) -> None:
        """The next name will be another one."""
        metadata, count = owner["metadata"], (owner.get("status") or {}).get("collisionCount", 0) + 1
        patch = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "status": {"collisionCount": count},
        }
        await self._client.patch(
            self._owners.resource, metadata["name"], patch, metadata["namespace"], subresource="status"
        )


def _number(revision: Object) -> int:
    return int(revision["revision"])


def _controller_uid(obj: Object) -> str:
    return str((controller_of(obj) or {}).get("uid", ""))
