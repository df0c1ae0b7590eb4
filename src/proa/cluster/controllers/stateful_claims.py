"""Writes the PersistentVolumeClaims of StatefulSets."""

from __future__ import annotations

from proa.cluster.controllers.stateful_pods import claims
from proa.errors import AlreadyExists, ApiError
from proa.kube import PERSISTENT_VOLUME_CLAIMS, EventRecorder, Manager, Object, is_deleting, key_of


class StatefulClaims:
    """Claims are made before the pod that mounts them, and kept or given owners by the retention policy."""

    def __init__(self, manager: Manager, events: EventRecorder) -> None:
        self._client = manager.client
        self._events = events
        self.informer = manager.informer(PERSISTENT_VOLUME_CLAIMS)

    async def ensure(self, owner: Object, pod: Object) -> bool:
        """Make what is missing; False while a claim of that name is being deleted."""
        for wanted in claims(owner, pod, condemned=False):
            present = self.informer.get(key_of(wanted))
            if present is not None and is_deleting(present):
                return False
            if present is None:
                await self._create(owner, pod, wanted)
        return True

    async def settle_owners(self, owner: Object, pod: Object, *, condemned: bool) -> bool:
        """The pod's claims have just those of the set and the pod as owners that the policy wants.

        A claim that somebody else controls is left alone. Returns whether one was changed.
        """
        changed = False
        if not owner["spec"].get("persistentVolumeClaimRetentionPolicy"):
            return changed
        ours = {owner["metadata"]["uid"], pod["metadata"]["uid"]}
        for wanted in claims(owner, pod, condemned=condemned):
            present = self.informer.get(key_of(wanted))
            if present is None or is_deleting(present):
                continue
            before = present["metadata"].get("ownerReferences") or []
            others = [reference for reference in before if reference["uid"] not in ours]
            after = [*others, *(wanted["metadata"].get("ownerReferences") or ())]
            if after != before and not any(reference.get("controller") for reference in others):
                await self._write_owners(present, after)
                changed = True
        return changed

    async def _create(self, owner: Object, pod: Object, wanted: Object) -> None:
        metadata, name = wanted["metadata"], owner["metadata"]["name"]
        what = f"Create Claim {metadata['name']} Pod {pod['metadata']['name']} in StatefulSet {name}"
        try:
            await self._client.create(PERSISTENT_VOLUME_CLAIMS, wanted, metadata["namespace"])
        except AlreadyExists:
            return
        except ApiError as fault:
            await self._events.event(owner, "Warning", "FailedCreate", f"{what} failed error: {fault}")
            raise
        await self._events.event(owner, "Normal", "SuccessfulCreate", f"{what} success")

    async def _write_owners(self, claim: Object, owners: list[Object]) -> None:
        metadata = claim["metadata"]
        patch = {"metadata": {"ownerReferences": owners, "resourceVersion": metadata["resourceVersion"]}}
        await self._client.patch(PERSISTENT_VOLUME_CLAIMS, metadata["name"], patch, metadata["namespace"])
