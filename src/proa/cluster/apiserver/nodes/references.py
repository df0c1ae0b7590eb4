"""What a pod refers to, as far as its node must read it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.kube.resources import Object

MIRROR = "kubernetes.io/config.mirror"
Reference = tuple[str, str]
"""Plural of the kind, and name; of the pod's namespace."""

_VOLUME_SECRETS = (
    ("secret", "secretName"), ("azureFile", "secretName"), ("cephfs", "secretRef"), ("cinder", "secretRef"),
    ("flexVolume", "secretRef"), ("rbd", "secretRef"), ("scaleIO", "secretRef"), ("iscsi", "secretRef"),
    ("storageos", "secretRef"), ("csi", "nodePublishSecretRef"),
)  # fmt: skip


def references(pod: Object) -> frozenset[Reference]:
    """All of a pod; none of a mirror pod, by which a node could otherwise ask for what it likes."""
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        return frozenset()
    spec = pod.get("spec") or {}
    found = {pair for pair in _all(pod["metadata"].get("name", ""), spec) if pair[1]}
    return frozenset(found)


def _all(pod: str, spec: Object) -> Iterator[Reference]:
    yield "serviceaccounts", spec.get("serviceAccountName") or ""
    for secret in spec.get("imagePullSecrets") or ():
        yield "secrets", secret.get("name") or ""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            yield from _of_container(container)
    for volume in spec.get("volumes") or ():
        yield from _of_volume(pod, volume)
    for claim in spec.get("resourceClaims") or ():
        yield "resourceclaims", claim.get("resourceClaimName") or ""


def _of_container(container: Object) -> Iterator[Reference]:
    for source in container.get("envFrom") or ():
        yield "secrets", _name(source.get("secretRef"))
        yield "configmaps", _name(source.get("configMapRef"))
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        yield "secrets", _name(source.get("secretKeyRef"))
        yield "configmaps", _name(source.get("configMapKeyRef"))


def _of_volume(pod: str, volume: Object) -> Iterator[Reference]:
    for kind, field in _VOLUME_SECRETS:
        value = (volume.get(kind) or {}).get(field)
        yield "secrets", _name(value) if isinstance(value, dict) else value or ""
    yield "configmaps", _name(volume.get("configMap"))
    yield "persistentvolumeclaims", (volume.get("persistentVolumeClaim") or {}).get("claimName") or ""
    if volume.get("ephemeral") is not None:
        yield "persistentvolumeclaims", f"{pod}-{volume['name']}"
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield "secrets", _name(source.get("secret"))
        yield "configmaps", _name(source.get("configMap"))


def _name(reference: Any) -> str:
    return (reference or {}).get("name") or ""
