"""Who wrote which fields: what every write notes in `metadata.managedFields`.

Source: apiserver, pkg/endpoints/handlers/{create,update,patch}.go.
"""

from __future__ import annotations

from proa.cluster.apiserver import metadata
from proa.cluster.apiserver.apply import Manager, created, updated
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import SCHEMAS, Node
from proa.cluster.apiserver.target import Target
from proa.kube.resources import Object

_STATUS = ("status",)
_NAMESPACE = ("status", "spec")
"""The finalizers of a namespace change by /finalize alone."""
_ALL_BUT_STATUS = ("spec", "data", "stringData", "type")


def schema_of(target: Target) -> Node | None:
    """The schema by which fields are told apart."""
    form = target.kind.form
    return form.node if form else SCHEMAS.node(target.resource.api_version, target.resource.kind)


def untouchable(target: Target) -> tuple[str, ...]:
    """The fields at the top that a write to this address leaves as they are."""
    if target.subresource == "status":
        return _ALL_BUT_STATUS
    if target.qualified == "namespaces":
        return _STATUS if target.subresource else _NAMESPACE
    return _STATUS if "status" in target.kind.subresources else ()


def note_create(obj: Object, target: Target, options: WriteOptions) -> None:
    """Note in a new object, in place, who made it."""
    manager = Manager(options.manager, "Update", target.resource.api_version)
    ignored = _STATUS if target.qualified == "namespaces" else untouchable(target)
    owners = created(schema_of(target), obj, manager, metadata.now(), ignored)
    if owners:
        obj["metadata"]["managedFields"] = owners


def note_update(new: Object, old: Object, target: Target, options: WriteOptions) -> None:
    """Note in the wanted object, in place, who changed what of the stored one."""
    manager = Manager(options.manager, "Update", target.resource.api_version, target.subresource)
    if target.subresource:
        new["metadata"].pop("managedFields", None)
    owners = updated(schema_of(target), old, new, manager, metadata.now(), untouchable(target))
    if owners:
        new["metadata"]["managedFields"] = owners
    else:
        new["metadata"].pop("managedFields", None)
