"""The binder's writes. Each leaves alone what is already as wanted and returns the object as it is then."""

from __future__ import annotations

from proa.cluster.volumes import (
    BETA_STORAGE_PROVISIONER,
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    STORAGE_PROVISIONER,
    Reference,
    claim_reference,
    reference_to,
)
from proa.kube import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, Client, Object, annotations_of

_ATTRIBUTES = "currentVolumeAttributesClassName"
_OF_A_VOLUME = ("accessModes", "capacity", _ATTRIBUTES)


class VolumeWrites:
    """Changes of claims and volumes; a reservation is guarded by the revision that it was decided on."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def reserve(self, volume: Object, claim: Object) -> Object:
        """The volume's claimRef is this claim, with its uid. Raises Conflict when the volume has changed."""
        reference = volume["spec"].get("claimRef") or {}
        if reference.get("uid") == claim["metadata"]["uid"]:
            return volume
        metadata: Object = {"resourceVersion": volume["metadata"]["resourceVersion"]}
        if reference_to(volume, claim) is Reference.NONE:
            metadata["annotations"] = {BOUND_BY_CONTROLLER: "yes"}
        patch = {"metadata": metadata, "spec": {"claimRef": claim_reference(claim)}}
        return await self._client.patch(PERSISTENT_VOLUMES, volume["metadata"]["name"], patch)

    async def release(self, volume: Object) -> Object:
        """Undo a reservation: all of it if the controller made it, else only the uid."""
        ours = BOUND_BY_CONTROLLER in annotations_of(volume)
        metadata: Object = {"resourceVersion": volume["metadata"]["resourceVersion"]}
        if ours:
            metadata["annotations"] = {BOUND_BY_CONTROLLER: None}
        patch = {"metadata": metadata, "spec": {"claimRef": None if ours else {"uid": None}}}
        return await self._client.patch(PERSISTENT_VOLUMES, volume["metadata"]["name"], patch)

    async def set_volume_phase(self, volume: Object, phase: str, message: str = "") -> None:
        """The volume's status says so."""
        if (volume.get("status") or {}).get("phase") == phase:
            return
        patch = {"status": {"phase": phase, "message": message or None}}
        await self._client.patch(PERSISTENT_VOLUMES, volume["metadata"]["name"], patch, subresource="status")

    async def name_volume(self, claim: Object, volume_name: str) -> Object:
        """The claim names its volume, and that binding is complete."""
        if claim["spec"].get("volumeName") == volume_name and BIND_COMPLETED in annotations_of(claim):
            return claim
        annotations = {BIND_COMPLETED: "yes"}
        if not claim["spec"].get("volumeName"):
            annotations[BOUND_BY_CONTROLLER] = "yes"
        return await self._patch(claim, {"annotations": annotations}, {"volumeName": volume_name})

    async def set_claim_bound(self, claim: Object, volume: Object) -> None:
        """The claim's status shows what it got. What else changes of a bound claim is left to the resizer."""
        status, spec = claim.get("status") or {}, volume["spec"]
        if status.get("phase") == "Bound" and status.get("accessModes") == spec.get("accessModes"):
            return
        wanted = {"phase": "Bound", "accessModes": spec.get("accessModes"), "capacity": spec.get("capacity")}
        if status.get("phase") != "Bound":
            wanted[_ATTRIBUTES] = spec.get("volumeAttributesClassName")
        await self._patch_status(claim, wanted)

    async def set_claim_lost(self, claim: Object) -> None:
        """The claim's volume is gone for good."""
        await self._patch_status(claim, {"phase": "Lost"} | dict.fromkeys(_OF_A_VOLUME))

    async def set_class(self, claim: Object, name: str) -> None:
        """A claim that names no class gets the default one."""
        await self._patch(
            claim, {"resourceVersion": claim["metadata"]["resourceVersion"]}, {"storageClassName": name}
        )

    async def set_provisioner(self, claim: Object, provisioner: str) -> None:
        """Tell the provisioner that the claim is its to serve."""
        wanted = {STORAGE_PROVISIONER: provisioner, BETA_STORAGE_PROVISIONER: provisioner}
        if wanted.items() <= annotations_of(claim).items():
            return
        await self._patch(claim, {"annotations": wanted}, {})

    async def _patch(self, claim: Object, metadata: Object, spec: Object) -> Object:
        patch: Object = {"metadata": {"uid": claim["metadata"]["uid"]} | metadata}
        if spec:
            patch["spec"] = spec
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        return await self._client.patch(PERSISTENT_VOLUME_CLAIMS, name, patch, namespace)

    async def _patch_status(self, claim: Object, status: Object) -> None:
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        patch = {"metadata": {"uid": claim["metadata"]["uid"]}, "status": status}
        await self._client.patch(PERSISTENT_VOLUME_CLAIMS, name, patch, namespace, subresource="status")
