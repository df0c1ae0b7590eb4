"""Subresources by which one part of a pod changes and nothing else, whatever the wanted pod says.

`pods/ephemeralcontainers` adds containers to a pod that exists, `pods/resize` changes what it may use.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

from proa.cluster.apiserver import metadata
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import FieldError, invalid
from proa.cluster.apiserver.shape import check_shape, check_type, complete
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.validation import pods
from proa.cluster.apiserver.validation.ephemeral_containers import ephemeral_containers
from proa.cluster.apiserver.validation.resize import resize
from proa.kube.resources import Object

Change = Callable[[Object], Object]
Part = Callable[[Object, Object], Object]
"""The new spec, of the old one and the wanted one."""
Rules = Callable[[Object, Object], Iterable[FieldError]]


def limited(change: Change, target: Target, options: WriteOptions) -> Change:
    """The change as far as it is the business of the target's subresource; all of it for most others."""
    if target.subresource not in PARTS:
        return change
    part, rules = PARTS[target.subresource]

    def apply(old: Object) -> Object:
        wanted = change(copy.deepcopy(old))
        check_type(wanted, target)
        missing = check_shape(wanted, target, options, old)
        about = metadata.of(wanted)
        version = about.get("resourceVersion") or old["metadata"]["resourceVersion"]
        kept = {**old["metadata"], "resourceVersion": version}
        if "managedFields" in about:
            kept["managedFields"] = about["managedFields"]
        new = {**old, "metadata": kept, "spec": part(old["spec"], wanted.get("spec") or {})}
        complete(new, target)
        if errors := missing + list(rules(new, old)):
            raise invalid(target.resource.kind, target.resource.group, target.name, errors)
        return new

    return apply


def _ephemeral(old: Object, wanted: Object) -> Object:
    spec = {**old, "ephemeralContainers": wanted.get("ephemeralContainers")}
    if not spec["ephemeralContainers"]:
        del spec["ephemeralContainers"]
    return spec


def _resized(old: Object, wanted: Object) -> Object:
    """Resources and resize policies; containers that are not the same ones stay, for the rules to refuse."""
    spec = dict(old)
    if wanted.get("resources"):
        spec["resources"] = wanted["resources"]
    for name in ("initContainers", "containers"):
        before, after = old.get(name) or [], wanted.get(name) or []
        if [c.get("name") for c in after] != [c["name"] for c in before]:
            spec[name] = after
        elif name in old:
            spec[name] = [_with_resources(*pair) for pair in zip(before, after, strict=True)]
    return spec


def _with_resources(old: Object, wanted: Object) -> Object:
    taken = ("resources", "resizePolicy")
    kept = {key: value for key, value in old.items() if key not in taken}
    return kept | {key: wanted[key] for key in taken if key in wanted}


def _resize_rules(new: Object, old: Object) -> Iterable[FieldError]:
    return [*pods.pod(new, old), *resize(new, old)]


PARTS: dict[str, tuple[Part, Rules]] = {
    "ephemeralcontainers": (_ephemeral, ephemeral_containers),
    "resize": (_resized, _resize_rules),
}
"""By subresource."""
