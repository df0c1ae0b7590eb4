"""What a write does to a definition beside what it says: stored versions, the end of its objects."""

from __future__ import annotations

from proa.cluster.apiserver.admission import Request, about
from proa.cluster.apiserver.custom.conditions import set_condition, terminating
from proa.cluster.apiserver.view import View
from proa.kube.resources import Object

QUALIFIED = "customresourcedefinitions.apiextensions.k8s.io"
FINALIZER = "customresourcecleanup.apiextensions.k8s.io"


def first_status(definition: Object) -> None:
    """Nothing is accepted yet; the storage version is the first that objects are stored in."""
    definition["status"] = {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": None,
    }
    _note_storage(definition)


@about(QUALIFIED)
def keep_stored_versions(request: Request, _view: View) -> None:
    """A version that becomes the stored one has been, from then on."""
    if request.operation == "UPDATE" and not request.target.subresource:
        _note_storage(request.obj)


def _note_storage(definition: Object) -> None:
    spec, status = definition.get("spec") or {}, dict(definition.get("status") or {})
    known = status.get("storedVersions") or []
    for version in spec.get("versions") or ():
        if version.get("storage"):
            name = version.get("name")
            status["storedVersions"] = known if name in known else [*known, name]
            break
    definition["status"] = status


def begin_deletion(definition: Object) -> None:
    """Hold the definition, in place, until its objects are gone."""
    metadata = definition["metadata"]
    finalizers = metadata.get("finalizers") or []
    if "deletionTimestamp" in metadata:
        return
    if FINALIZER not in finalizers:
        metadata["finalizers"] = [*finalizers, FINALIZER]
    status = dict(definition.get("status") or {})
    conditions = [dict(condition) for condition in status.get("conditions") or ()]
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    set_condition(conditions, terminating("True", "InstanceDeletionPending", message))
    definition["status"] = status | {"conditions": conditions}
