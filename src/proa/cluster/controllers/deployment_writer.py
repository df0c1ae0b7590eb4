"""What a Deployment's controller writes: ReplicaSets, the revision, and the events of scaling."""

from __future__ import annotations

from contextlib import suppress

from proa.cluster.controllers.deployment_family import (
    REVISION,
    Family,
    resized,
    revision_of,
    size_of,
    superfluous,
)
from proa.cluster.controllers.expectations import Expectations
from proa.cluster.controllers.pod_template import bare
from proa.cluster.controllers.rollout import Sizes
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS, REPLICA_SETS
from proa.errors import AlreadyExists, Conflict, NotFound
from proa.kube import Client, EventRecorder, Object, controller_of, key_of


class ReplicaSetWriter:
    """Writes for Deployments; the family and the expectations learn of each write."""

    def __init__(self, client: Client, events: EventRecorder, expectations: Expectations) -> None:
        self._client = client
        self._events = events
        self._expectations = expectations

    async def create(self, family: Family, wanted: Object) -> Object:
        """Create it, or find that it was made before. Raises Conflict when the name is another's."""
        metadata, deployment = wanted["metadata"], family.deployment
        try:
            made = await self._client.create(REPLICA_SETS, wanted, metadata["namespace"])
        except AlreadyExists:
            made = await self._client.get(REPLICA_SETS, metadata["name"], metadata["namespace"])
            if not _is_of(made, deployment):
                await self._count_collision(deployment)
                raise Conflict(f"replica set {metadata['name']} belongs to something else") from None
        self._expectations.written(key_of(deployment), made)
        return made

    async def _count_collision(self, deployment: Object) -> None:
        """The next name will be another one."""
        count = (deployment.get("status") or {}).get("collisionCount", 0) + 1
        metadata = deployment["metadata"]
        patch = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "status": {"collisionCount": count},
        }
        await self._client.patch(
            DEPLOYMENTS, metadata["name"], patch, metadata["namespace"], subresource="status"
        )

    async def mark_revision(self, family: Family) -> None:
        """The Deployment carries the revision of its newest ReplicaSet."""
        new, deployment = family.new, family.deployment
        if new is None or revision_of(new) == revision_of(deployment):
            return
        metadata = deployment["metadata"]
        patch = {
            "metadata": {
                "annotations": {REVISION: str(revision_of(new))},
                "resourceVersion": metadata["resourceVersion"],
            }
        }
        family.deployment = await self._client.patch(
            DEPLOYMENTS, metadata["name"], patch, metadata["namespace"], subresource="status"
        )

    async def resize(self, family: Family, sizes: Sizes) -> None:
        """Give ReplicaSets these sizes, and say so."""
        for replica_set in list(family.sets):
            name, before = replica_set["metadata"]["name"], size_of(replica_set)
            if name not in sizes:
                continue
            wanted = resized(replica_set, sizes[name], family.limit)
            if wanted != replica_set:
                await self.write(family, wanted)
            if before != sizes[name]:
                await self.tell_scaled(family.deployment, name, before, sizes[name])

    async def write(self, family: Family, replica_set: Object) -> None:
        """Replace the ReplicaSet."""
        written = await self._client.update(REPLICA_SETS, replica_set)
        self._expectations.written(key_of(family.deployment), written)
        family.put(written)

    async def tell_scaled(self, deployment: Object, name: str, before: int, after: int) -> None:
        """The event of a changed size."""
        way = "up" if after > before else "down"
        text = f"Scaled {way} replica set {name} from {before} to {after}"
        await self._events.event(deployment, "Normal", "ScalingReplicaSet", text)

    async def clean(self, family: Family) -> None:
        """Delete what the history limit does not keep."""
        for replica_set in superfluous(family):
            metadata = replica_set["metadata"]
            with suppress(NotFound):
                await self._client.delete(
                    REPLICA_SETS, metadata["name"], metadata["namespace"], uid=metadata["uid"]
                )
            self._expectations.removed(key_of(family.deployment), replica_set)


def _is_of(replica_set: Object, deployment: Object) -> bool:
    """Whether it is what the Deployment would have made."""
    reference = controller_of(replica_set)
    if reference is None or reference["uid"] != deployment["metadata"]["uid"]:
        return False
    return bare(replica_set["spec"]["template"]) == bare(deployment["spec"]["template"])
