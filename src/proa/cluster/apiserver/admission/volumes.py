"""Claims and volumes: the default StorageClass, and the finalizers that protect what is in use.

Source: Kubernetes admission controllers DefaultStorageClass, StorageObjectInUseProtection.
"""

from __future__ import annotations

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about_new
from proa.cluster.apiserver.view import View
from proa.kube.resources import STORAGE_CLASSES

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_PROTECTION = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}


@about_new("persistentvolumeclaims")
def admit_default_class(request: Request, view: View) -> None:
    """A claim that names no class gets the newest default one; "" means no class."""
    claim = request.obj
    named = "storageClassName" in claim["spec"] or _BETA_CLASS in (claim["metadata"].get("annotations") or {})
    if named:
        return
    defaults = [
        c["metadata"]
        for c in view.list(STORAGE_CLASSES)
        if (c["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    ]
    if defaults:
        newest = max(defaults, key=lambda m: (m["creationTimestamp"], m["name"]))
        claim["spec"]["storageClassName"] = newest["name"]


@about_new(*_PROTECTION)
def admit_protection(request: Request, _view: View) -> None:
    """Claims and volumes are only removed when nothing uses them."""
    finalizer = _PROTECTION[request.target.qualified]
    metadata = request.obj["metadata"]
    finalizers = metadata.get("finalizers") or []
    if finalizer not in finalizers:
        metadata["finalizers"] = [*finalizers, finalizer]
