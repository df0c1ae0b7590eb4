"""A claim that a pod uses is not removed under it, and says whether one does.

Finalizer kubernetes.io/pvc-protection; condition Unused.
Source: kubernetes pkg/controller/volume/pvcprotection.
"""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.pods import claim_keys
from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    Controller,
    Manager,
    Object,
    Source,
    is_deleting,
    now,
    split_key,
)
from proa.kube.finalizers import set_finalizer

FINALIZER = "kubernetes.io/pvc-protection"
_BY_CLAIM = "claim"
_USED = ("False", "PodUsingPVC", "A pod is currently referencing this PVC")
_UNUSED = ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC")


class ClaimProtection:
    """Reconciles claims; pods that use one are found by an index, and once more by a live list."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.claims = manager.informer(PERSISTENT_VOLUME_CLAIMS)
        self.pods = manager.informer(PODS)
        self.pods.add_index(_BY_CLAIM, claim_keys)

    async def reconcile(self, key: str) -> None:
        """Put the finalizer on a living claim; take it off a deleted one that nobody uses."""
        claim = self.claims.get(key)
        if claim is None:
            return
        if not is_deleting(claim) and (claim.get("status") or {}).get("phase") == "Bound":
            await self._tell_use(claim, used=bool(self.pods.by_index(_BY_CLAIM, key)))
        wanted = not is_deleting(claim) or await self._in_use(key)
        await set_finalizer(self._client, PERSISTENT_VOLUME_CLAIMS, claim, FINALIZER, wanted=wanted)

    async def _tell_use(self, claim: Object, *, used: bool) -> None:
        """Bring the condition Unused up to date; it tells since when."""
        conditions = list(claim["status"].get("conditions") or ())
        status, reason, message = _USED if used else _UNUSED
        if any(each["type"] == "Unused" and each["status"] == status for each in conditions):
            return
        told = {"type": "Unused", "status": status, "reason": reason, "message": message}
        others = [each for each in conditions if each["type"] != "Unused"]
        metadata = claim["metadata"]
        patch = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "status": {"conditions": [*others, told | {"lastTransitionTime": now()}]},
        }
        await self._client.patch(
            PERSISTENT_VOLUME_CLAIMS, metadata["name"], patch, metadata["namespace"], subresource="status"
        )

    async def _in_use(self, key: str) -> bool:
        if any(_holds(pod) for pod in self.pods.by_index(_BY_CLAIM, key)):
            return True
        # The cache may lag behind a pod that was just bound, and a claim once removed is lost.
        live = await self._client.list(PODS, split_key(key)[0])
        return any(_holds(pod) for pod in live["items"] if key in claim_keys(pod))


def _holds(pod: Object) -> bool:
    """Whether the pod has or may have the claim mounted: it has a node. One that has ended holds it too."""
    return bool(pod["spec"].get("nodeName"))


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = ClaimProtection(manager)
    sources = [Source(reconciler.claims), Source(reconciler.pods, claim_keys)]
    manager.add(Controller("pvc-protection", reconciler, sources=sources))
