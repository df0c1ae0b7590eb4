"""Versions that Kubernetes itself no longer serves, and manifests still name. Pure.

Most differ from today's in their name and in what they let their author leave open. Source: the
deprecated API migration guide; defaults of the versions as they were.
"""

from __future__ import annotations

from collections.abc import Callable

from proa.cluster.apiserver.versions.conversion import PureConversion
from proa.kube.resources import Object

Prepare = Callable[[Object], None]
"""Fills in, in place, what the old version let its author leave open and today's does not."""


def renamed(old: str, new: str) -> PureConversion:
    """Between versions of the same fields."""
    return PureConversion(lambda obj: {**obj, "apiVersion": old}, lambda obj: {**obj, "apiVersion": new})


def select_template_labels(obj: Object) -> None:
    """Workloads chose the pods with their template's labels unless told otherwise."""
    spec = obj.get("spec") or {}
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not spec.get("selector"):
        spec["selector"] = {"matchLabels": dict(labels)}
    for retired in ("rollbackTo", "templateGeneration"):
        spec.pop(retired, None)


def update_on_delete(obj: Object) -> None:
    """DaemonSets and StatefulSets of the first versions replaced a pod only when it was deleted."""
    select_template_labels(obj)
    strategy = obj.setdefault("spec", {}).setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "OnDelete"


def first_deployment(obj: Object) -> None:
    """Deployments of extensions/v1beta1 kept all old ReplicaSets and had no deadline."""
    select_template_labels(obj)
    spec = obj.setdefault("spec", {})
    for name in ("progressDeadlineSeconds", "revisionHistoryLimit"):
        if spec.get(name) is None:
            spec[name] = 2**31 - 1
    if (
        not (spec.get("strategy") or {}).get("rollingUpdate")
        and (spec.get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    ):
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}


def webhooks(obj: Object) -> None:
    """Webhooks of v1beta1 spoke v1beta1 reviews, might have side effects, waited 30 s and failed open."""
    for webhook in obj.get("webhooks") or ():
        for name, value in (
            ("admissionReviewVersions", ["v1beta1"]),
            ("sideEffects", "Unknown"),
            ("timeoutSeconds", 30),
            ("failurePolicy", "Ignore"),
            ("matchPolicy", "Exact"),
        ):
            if not webhook.get(name):
                webhook[name] = value
        if webhook["sideEffects"] in ("Unknown", "Some"):
            webhook["sideEffects"] = "None"  # today's version allows no others


def signer(obj: Object) -> None:
    """Requests of v1beta1 might leave open who signs."""
    spec = obj.setdefault("spec", {})
    spec["signerName"] = spec.get("signerName") or "kubernetes.io/kube-apiserver-client"
