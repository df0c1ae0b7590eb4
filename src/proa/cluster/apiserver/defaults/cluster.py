"""Namespaces, nodes, configuration and limits."""

from __future__ import annotations

import base64

from proa.cluster.apiserver.defaults.fill import each, fill, fill_empty, part
from proa.kube.resources import Object


def namespace(obj: Object) -> None:
    """Namespace: bears its name as a label, and a finalizer that its deletion empties."""
    name = obj["metadata"].get("name")
    if name:
        part(obj["metadata"], "labels")["kubernetes.io/metadata.name"] = name
    fill(part(obj, "spec"), finalizers=["kubernetes"])
    fill_empty(part(obj, "status"), phase="Active")


def node(obj: Object) -> None:
    """Node: all of its capacity is allocatable unless it says otherwise."""
    fill(obj, spec={})
    capacity = part(obj, "status").get("capacity")
    if capacity:
        fill(obj["status"], allocatable=dict(capacity))


def secret(obj: Object) -> None:
    """Secret; `stringData` is only a way to write `data`."""
    fill_empty(obj, type="Opaque")
    for name, text in (obj.pop("stringData", None) or {}).items():
        part(obj, "data")[name] = base64.b64encode(text.encode()).decode()


def event(obj: Object) -> None:
    """Event of the core group."""
    fill(obj, source={}, reportingComponent="", reportingInstance="")


def new_event(obj: Object) -> None:
    """Event of events.k8s.io."""
    fill(obj, deprecatedSource={})


def limit_range(obj: Object) -> None:
    """LimitRange: for containers, a limit serves as default, and that as request."""
    for item in each(part(obj, "spec"), "limits"):
        if item.get("type") == "Container":
            item["default"] = (item.get("max") or {}) | (item.get("default") or {})
            lower = (item.get("min") or {}) | item["default"]
            item["defaultRequest"] = lower | (item.get("defaultRequest") or {})
