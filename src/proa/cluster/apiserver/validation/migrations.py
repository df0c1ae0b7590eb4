"""StorageVersionMigrations (source: kubernetes pkg/apis/storagemigration/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proa.cluster.apiserver.names import SUBDOMAIN
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required
from proa.cluster.apiserver.validation.common import IMMUTABLE, immutable, path
from proa.kube.resources import Object

_CONDITIONS = "status.conditions"
_RESOURCE = re.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_NO_RESOURCE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def storage_version_migration(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """One resource, for good; an empty group is the core's. What has ended stays so."""
    resource, group = path(obj, "spec", "resource", "resource"), path(obj, "spec", "resource", "group")
    if not resource:
        yield required("spec.resource.resource", "resource is required to be set")
    elif not _RESOURCE.fullmatch(resource):
        yield invalid_value("spec.resource.resource", resource, _NO_RESOURCE)
    for problem in SUBDOMAIN.problems(group) if group else ():
        yield invalid_value("spec.resource.group", group, problem)
    yield from immutable(obj, old, "spec")
    yield from _status(obj, old or {})


def _status(obj: Object, old: Object) -> Iterator[FieldError]:
    before, now = path(old, "status", "resourceVersion"), path(obj, "status", "resourceVersion")
    if before and before != now:
        yield invalid_value("status.resourceVersion", now or "", IMMUTABLE)
    conditions = path(obj, "status", "conditions") or []
    if _holds(obj, "Succeeded") and _holds(obj, "Failed"):
        why = "Both success and failed conditions cannot be true at the same time"
        yield invalid_value(_CONDITIONS, conditions, why)
    for type_, name in (("Succeeded", "Success"), ("Failed", "Failed")):
        if _holds(old, type_) and not _holds(obj, type_):
            yield invalid_value(
                _CONDITIONS, conditions, f"{name} condition cannot be set to false once it is true"
            )


def _holds(obj: Object, type_: str) -> bool:
    conditions = path(obj, "status", "conditions") or ()
    return any(each.get("type") == type_ and each.get("status") == "True" for each in conditions)
