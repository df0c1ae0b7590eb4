"""Rules of metadata that hold for all kinds. Pure.

Source: apimachinery pkg/api/validation/objectmeta.go.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver import names
from proa.cluster.apiserver.schema.field_error import FieldError, forbidden, invalid_value, required, too_long
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.validation.common import labels
from proa.kube.resources import Object

_ANY_FINALIZERS = ("apiextensions.k8s.io", "apiregistration.k8s.io")
"""Groups whose finalizers need no path; neither do those of custom resources."""
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
_UNQUALIFIED = "name is neither a standard finalizer name nor is it fully qualified"
_ANNOTATIONS_LIMIT = 256 << 10


def validate(obj: Object, target: Target, old: Object | None = None) -> list[FieldError]:
    """Problems of name, labels, annotations, finalizers and owners; `old` is given on updates."""
    metadata = obj["metadata"]
    errors = _name_errors(metadata, "" if target.kind.form else target.resource.plural)
    if metadata.get("labels"):
        errors += labels("metadata.labels", metadata["labels"])
    if metadata.get("annotations"):
        errors += _annotation_errors(metadata["annotations"])
    if metadata.get("finalizers"):
        if target.kind.form is None and target.resource.group not in _ANY_FINALIZERS:
            errors += _unqualified_errors(metadata["finalizers"])
        errors += _finalizer_errors(metadata["finalizers"], (old or obj)["metadata"])
    if metadata.get("ownerReferences"):
        errors += _owner_errors(metadata["ownerReferences"])
    return errors


def _annotation_errors(annotations: dict[str, str]) -> list[FieldError]:
    path = "metadata.annotations"
    errors = [
        invalid_value(path, key, problem)
        for key in annotations
        for problem in names.key_problems(key.lower())
    ]
    if sum(len(k) + len(v) for k, v in annotations.items()) > _ANNOTATIONS_LIMIT:
        errors.append(too_long(path, _ANNOTATIONS_LIMIT))
    return errors


def _name_errors(metadata: dict[str, Any], plural: str) -> list[FieldError]:
    name, base = metadata.get("name"), metadata.get("generateName")
    if not name:
        return [required("metadata.name", "name or generateName is required")]
    of_base = names.name_problems(plural, base.rstrip("-") or "a") if base else []
    errors = [invalid_value("metadata.generateName", base, problem) for problem in of_base]
    return errors + [
        invalid_value("metadata.name", name, problem) for problem in names.name_problems(plural, name)
    ]


def _unqualified_errors(finalizers: list[str]) -> list[FieldError]:
    return [
        invalid_value(f"metadata.finalizers[{index}]", item, _UNQUALIFIED)
        for index, item in enumerate(finalizers)
        if "/" not in item and item not in _STANDARD_FINALIZERS
    ]


def _finalizer_errors(finalizers: list[str], before: dict[str, Any]) -> list[FieldError]:
    """Finalizers are qualified names; an object being deleted only loses them."""
    errors = [
        invalid_value("metadata.finalizers", item, problem)
        for item in finalizers
        for problem in names.key_problems(item)
    ]
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        errors.append(invalid_value("metadata.finalizers", finalizers, detail))
    added = [item for item in finalizers if item not in (before.get("finalizers") or ())]
    if "deletionTimestamp" in before and added:
        detail = "no new finalizers can be added if the object is being deleted, found new finalizers"
        errors.append(forbidden("metadata.finalizers", f"{detail} {added}"))
    return errors


def _owner_errors(references: list[Object]) -> list[FieldError]:
    errors = [
        required(f"metadata.ownerReferences[{index}].{name}", "must not be empty")
        for index, reference in enumerate(references)
        for name in ("apiVersion", "kind", "name", "uid")
        if not reference.get(name)
    ]
    errors += [
        invalid_value(
            f"metadata.ownerReferences[{index}]",
            reference,
            "/v1, Kind=Event is disallowed from being an owner",
        )
        for index, reference in enumerate(references)
        if (reference.get("apiVersion"), reference.get("kind")) == ("v1", "Event")
    ]
    if sum(bool(reference.get("controller")) for reference in references) > 1:
        detail = "Only one reference can have Controller set to true"
        errors.append(invalid_value("metadata.ownerReferences", references, detail))
    return errors
