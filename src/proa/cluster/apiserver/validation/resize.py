"""How the resources of a pod that exists may change (source: kubernetes, pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.defaults.qos import qos_class
from proa.cluster.apiserver.schema.field_error import FieldError, forbidden, invalid_value
from proa.cluster.apiserver.validation.common import elements, path
from proa.kube import to_milli
from proa.kube.resources import Object

RESIZABLE = ("cpu", "memory")
_LISTS = ("initContainers", "containers")
_MIRROR = "kubernetes.io/config.mirror"


def resize(new: Object, old: Object) -> Iterator[FieldError]:
    """A pod of which only resources and resize policies differ, or containers that do not agree."""
    if _MIRROR in (path(old, "metadata", "annotations") or {}):
        yield forbidden("", "static pods cannot be resized")
        return
    if path(old, "spec", "os", "name") == "windows":
        yield forbidden("", "windows pods cannot be resized")
        return
    before = path(old, "status", "qosClass") or qos_class(old)
    if qos_class(new) != before:
        yield invalid_value("spec", before, "Pod QOS Class may not change as a result of resizing")
    yield from _pod_level(new, old)
    misplaced = list(_order(new, old))
    yield from misplaced or _containers(new, old)


def _pod_level(new: Object, old: Object) -> Iterator[FieldError]:
    before, after = path(old, "spec", "resources"), path(new, "spec", "resources")
    if before and not after:
        yield forbidden("spec.resources", "pod-level resources cannot be removed")
    elif after:
        for part in ("requests", "limits"):
            if (before or {}).get(part, {}).keys() - (after.get(part) or {}).keys():
                yield forbidden(f"spec.resources.{part}", f"pod-level resource {part} cannot be removed")
        if _others(after) != _others(before or {}):
            yield forbidden("spec", "only cpu and memory resources are mutable at pod-level")


def _order(new: Object, old: Object) -> Iterator[FieldError]:
    for name in _LISTS:
        after, before = (path(pod, "spec", name) or () for pod in (new, old))
        if len(after) != len(before):
            yield forbidden(f"spec.{name}", f"{name} may not be added or removed on resize")
            continue
        for index, (one, other) in enumerate(zip(after, before, strict=True)):
            if one.get("name") != other["name"]:
                where = f"spec.{name}[{index}].name"
                yield forbidden(where, f"{name} may not be renamed or reordered on resize")


def _containers(new: Object, old: Object) -> Iterator[FieldError]:
    for name in _LISTS:
        pairs = zip(elements(new["spec"], "spec", name), path(old, "spec", name) or (), strict=True)
        for (at, after), before in pairs:
            resources, former = after.get("resources") or {}, before.get("resources") or {}
            for part in ("requests", "limits"):
                if (former.get(part) or {}).keys() - (resources.get(part) or {}).keys():
                    yield forbidden(f"{at}.resources.{part}", f"resource {part} cannot be removed")
            yield from _other_changes(name, at, after, before)


def _other_changes(name: str, at: str, after: Object, before: Object) -> Iterator[FieldError]:
    policies = after.get("resizePolicy") or []
    if policies != (before.get("resizePolicy") or []) or (
        _others(after.get("resources") or {}) != _others(before.get("resources") or {})
    ):
        if name == "containers":
            yield forbidden("spec", "only cpu and memory resources are mutable")
        else:
            what = "only cpu and memory resources for init or sidecar containers are mutable"
            yield forbidden(at, what)
    restarts = any(policy.get("restartPolicy") == "RestartContainer" for policy in policies)
    plain = name == "initContainers" and after.get("restartPolicy") != "Always"
    if plain and restarts and after.get("resources") != before.get("resources"):
        what = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
        yield forbidden(at, what)


def _others(resources: Object) -> Object:
    """The part that is not cpu and memory."""
    amounts = {
        part: {n: to_milli(q) for n, q in (resources.get(part) or {}).items() if n not in RESIZABLE}
        for part in ("requests", "limits")
    }
    return amounts | {"claims": resources.get("claims") or []}
