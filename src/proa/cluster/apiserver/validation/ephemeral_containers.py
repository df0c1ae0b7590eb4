"""What containers may be added to a pod that exists (source: kubernetes, pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, duplicate, forbidden, not_found
from proa.cluster.apiserver.validation.common import elements, path
from proa.cluster.apiserver.validation.containers import container
from proa.kube.resources import Object

_FIELD = "spec.ephemeralContainers"
_NOT_ALLOWED = ("ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",
                "resizePolicy", "restartPolicy")  # fmt: skip
_MIRROR = "kubernetes.io/config.mirror"


def ephemeral_containers(new: Object, old: Object) -> Iterator[FieldError]:
    """A pod of which only the ephemeral containers may have changed."""
    if _MIRROR in (path(old, "metadata", "annotations") or {}):
        yield forbidden("", "static pods do not support ephemeral containers")
        return
    spec = new["spec"]
    others = {c["name"] for kind in ("containers", "initContainers") for c in spec.get(kind) or ()}
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    names = set(others)
    for at, item in elements(spec, "spec", "ephemeralContainers"):
        yield from container(at, item, volumes, is_init=False)
        if item.get("name") in names:
            yield duplicate(f"{at}.name", item["name"])
        names.add(item.get("name"))
        yield from _limits(at, item, others)
    yield from _lost(new, old)


def _limits(at: str, item: Object, others: set[str]) -> Iterator[FieldError]:
    target = item.get("targetContainerName")
    if target and target not in others:
        yield not_found(f"{at}.targetContainerName", target)
    for name in _NOT_ALLOWED:
        if item.get(name):
            yield forbidden(f"{at}.{name}", "cannot be set for an Ephemeral Container")
    for index, mount in enumerate(item.get("volumeMounts") or ()):
        for name in ("subPath", "subPathExpr"):
            if mount.get(name):
                where = f"{at}.volumeMounts[{index}].{name}"
                yield forbidden(where, "cannot be set for an Ephemeral Container")


def _lost(new: Object, old: Object) -> Iterator[FieldError]:
    """What was added once stays as it is."""
    after = {c.get("name"): c for c in path(new, "spec", "ephemeralContainers") or ()}
    for before in path(old, "spec", "ephemeralContainers") or ():
        name = before["name"]
        if name not in after:
            yield forbidden(_FIELD, f'existing ephemeral containers "{name}" may not be removed\n')
        elif after[name] != before:
            yield forbidden(_FIELD, f'existing ephemeral containers "{name}" may not be changed\n')
