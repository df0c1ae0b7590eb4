"""The default IngressClass, the taint of a new node, and which claims may grow.

Source: Kubernetes admission controllers DefaultIngressClass, TaintNodesByCondition,
PersistentVolumeClaimResize.
"""

from __future__ import annotations

from proa.cluster.apiserver.admission.refusals import forbidden
from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about, about_new
from proa.cluster.apiserver.view import View
from proa.cluster.quota.amounts import amount
from proa.kube.resources import INGRESS_CLASSES, STORAGE_CLASSES, Object

_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_OLD_CLASS = "kubernetes.io/ingress.class"
_NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


@about_new("ingresses.networking.k8s.io")
def admit_ingress_class(request: Request, view: View) -> None:
    """An Ingress that names no class gets the newest default one."""
    metadata, spec = request.obj["metadata"], request.obj["spec"]
    if spec.get("ingressClassName") is not None or _OLD_CLASS in (metadata.get("annotations") or {}):
        return
    defaults = [
        each["metadata"]
        for each in view.list(INGRESS_CLASSES)
        if (each["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"
    ]
    if defaults:
        newest = max(m["creationTimestamp"] for m in defaults)
        spec["ingressClassName"] = min(m["name"] for m in defaults if m["creationTimestamp"] == newest)


@about_new("nodes")
def admit_node_taint(request: Request, _view: View) -> None:
    """No pod goes to a new node before the node is known to be ready."""
    spec = request.obj.setdefault("spec", {})
    taints = spec.get("taints") or []
    if not any((t.get("key"), t.get("effect")) == tuple(_NOT_READY.values()) for t in taints):
        spec["taints"] = [*taints, dict(_NOT_READY)]


@about("persistentvolumeclaims")
def admit_growth(request: Request, view: View) -> None:
    """Raises Forbidden for a claim that grows although its class does not allow it."""
    old = request.old
    if request.operation != "UPDATE" or request.target.subresource:
        return
    if old is None or _size(request.obj) <= _size(old):
        return
    if (old.get("status") or {}).get("phase") != "Bound":
        raise forbidden(request, "Only bound persistent volume claims can be expanded")
    name = request.obj["spec"].get("storageClassName")
    found = view.get(STORAGE_CLASSES, name) if name else None
    if not (found or {}).get("allowVolumeExpansion"):
        why = "the storageclass that provisions the pvc must support resize"
        raise forbidden(request, f"only dynamically provisioned pvc can be resized and {why}")


def _size(claim: Object) -> int:
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    return amount(asked).milli if asked is not None else 0
