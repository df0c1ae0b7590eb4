"""What of a pod may change after it was made."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, forbidden, invalid_value
from proa.cluster.apiserver.validation.common import path
from proa.kube.resources import Object

_CHANGEABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_FREE = ("activeDeadlineSeconds", "tolerations", "nodeName", "schedulingGates")


def immutable(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """Updates of the pod itself. Subresources (resize, ephemeralcontainers) have their own freedom.

    A pod that has no node may get one, as the binding subresource does; one that still has
    scheduling gates may lose them and narrow its node selector and affinity.
    """
    if old is None or obj.get("spec") == old.get("spec"):
        return
    new_spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
    yield from _containers(new_spec, old_spec)
    yield from _deadline(new_spec, old_spec)
    yield from _gates(new_spec, old_spec)
    tolerations = [_for_ever(each) for each in new_spec.get("tolerations") or ()]
    if any(_for_ever(each) not in tolerations for each in old_spec.get("tolerations") or ()):
        yield forbidden(
            "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"
        )
    if _fixed(new_spec, old_spec) != _fixed(old_spec, old_spec):
        yield forbidden("spec", f"pod updates may not change fields other than {_CHANGEABLE}")


def _for_ever(toleration: Object) -> Object:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _fixed(spec: Object, old: Object) -> Object:
    """The part that must stay as it was."""
    fixed = {key: value for key, value in spec.items() if key not in _FREE}
    for name in ("containers", "initContainers"):
        fixed[name] = [{**container, "image": ""} for container in spec.get(name) or ()]
    if old.get("nodeName"):
        fixed["nodeName"] = spec.get("nodeName")
    if old.get("schedulingGates"):
        fixed.pop("nodeSelector", None)
        fixed.pop("affinity", None)
    return fixed


def _containers(new: Object, old: Object) -> Iterator[FieldError]:
    for name in ("containers", "initContainers"):
        if len(new.get(name) or ()) != len(old.get(name) or ()):
            yield forbidden(f"spec.{name}", "pod updates may not add or remove containers")


def _deadline(new: Object, old: Object) -> Iterator[FieldError]:
    before, after = old.get("activeDeadlineSeconds"), new.get("activeDeadlineSeconds")
    field = "spec.activeDeadlineSeconds"
    if before is not None and after is None:
        yield invalid_value(field, after, "must not update from a positive integer to nil value")
    elif before is not None and after > before:
        yield invalid_value(field, after, "must be less than or equal to previous value")


def _gates(new: Object, old: Object) -> Iterator[FieldError]:
    known = old.get("schedulingGates") or []
    for index, gate in enumerate(path(new, "schedulingGates") or ()):
        if gate not in known:
            detail = "only deletion is allowed, but found new scheduling gate"
            yield forbidden(f"spec.schedulingGates[{index}].name", f"{detail} '{gate.get('name')}'")
