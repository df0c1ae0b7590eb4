"""Claims of generic ephemeral volumes: made with their pod, owned by it, gone with it.

Source: kubernetes.io/docs/concepts/storage/ephemeral-volumes; kubernetes pkg/controller/volume/ephemeral.
"""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.once import Once
from proa.errors import AlreadyExists, ApiError
from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Source,
    controller_of,
    is_deleting,
    owner_reference,
)


class EphemeralVolumes:
    """Reconciles pods."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = Once(EventRecorder(manager.client, "ephemeral_volume"))
        self.pods = manager.informer(PODS)
        self.claims = manager.informer(PERSISTENT_VOLUME_CLAIMS)

    async def reconcile(self, key: str) -> None:
        """Make the claims that the pod's volumes describe."""
        pod = self.pods.get(key)
        if pod is None or is_deleting(pod):
            return
        for volume in pod["spec"].get("volumes") or ():
            if volume.get("ephemeral"):
                await self._make(pod, claim_of(pod, volume))

    async def _make(self, pod: Object, claim: Object) -> None:
        metadata = claim["metadata"]
        present = self.claims.get(f"{metadata['namespace']}/{metadata['name']}")
        if present is not None and _is_of(pod, present):
            return
        name = metadata["name"]
        try:
            if present is not None:
                raise AlreadyExists(f"PVC {name} was not created for pod {_named(pod)} (pod is not owner)")
            await self._client.create(PERSISTENT_VOLUME_CLAIMS, claim, metadata["namespace"])
        except ApiError as fault:
            message = f"ephemeral volume controller failed to create PVC {name}: {fault.message}"
            await self._events.event(pod, "Warning", "FailedBinding", message)
            raise


def claim_of(pod: Object, volume: Object) -> Object:
    """The claim of an ephemeral volume of the pod."""
    template = volume["ephemeral"].get("volumeClaimTemplate") or {}
    told = template.get("metadata") or {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": f"{pod['metadata']['name']}-{volume['name']}",
            "namespace": pod["metadata"]["namespace"],
            "labels": told.get("labels") or {},
            "annotations": told.get("annotations") or {},
            "ownerReferences": [owner_reference({"apiVersion": "v1", "kind": "Pod"} | pod)],
        },
        "spec": template.get("spec") or {},
    }


def _is_of(pod: Object, claim: Object) -> bool:
    return bool((controller_of(claim) or {}).get("uid") == pod["metadata"]["uid"])


def _named(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = EphemeralVolumes(manager)
    sources = [Source(reconciler.pods), Source(reconciler.claims, of_claim)]
    manager.add(Controller("ephemeral-volume", reconciler, sources=sources))


def of_claim(claim: Object) -> list[str]:
    """The key of the pod whose claim it is, by its owner: a claim that goes before its pod is made again."""
    owner = controller_of(claim)
    if owner is None or owner["kind"] != "Pod":
        return []
    return [f"{claim['metadata']['namespace']}/{owner['name']}"]
