"""A definition as a whole: group, scope, names, versions, conversion, what may not change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from proa.cluster.apiserver import names
from proa.cluster.apiserver.custom.conditions import APPROVAL, approval_state, is_protected
from proa.cluster.apiserver.custom.definition.conversion import conversion_errors
from proa.cluster.apiserver.custom.definition.naming import name_errors, names_required
from proa.cluster.apiserver.custom.definition.versions import version_errors
from proa.cluster.apiserver.custom.embedded import label_1035_problems
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required, unsupported
from proa.kube.meta import condition_is_true
from proa.kube.resources import Object

_STAYS = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions "
    "until a storage migration ensures no data remains persisted in {0} and removes {0} from "
    "status.storedVersions"
)


def definition_rules(definition: Object, old: Object | None) -> Iterable[FieldError]:
    """All complaints about a definition; `old` is the stored one on an update."""
    spec = definition.get("spec") or {}
    yield from _own_name_errors(definition, spec)
    yield from _group_errors(spec.get("group") or "")
    yield from _scope_errors(spec.get("scope") or "")
    yield from _versions_errors(spec, ((old or {}).get("spec") or {}))
    yield from names_required(spec.get("names") or {})
    yield from name_errors(spec.get("names") or {}, "spec.names")
    established = old is not None and condition_is_true(old, "Established")
    yield from conversion_errors(spec)
    if old is not None:
        yield from _immutable_errors(spec, old["spec"], established)
    yield from _stored_version_errors(definition, spec)
    yield from _approval_errors(definition, old)
    if spec.get("preserveUnknownFields") and not ((old or {}).get("spec") or {}).get("preserveUnknownFields"):
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema "
            "instead"
        )
        yield invalid_value("spec.preserveUnknownFields", True, detail)


def _own_name_errors(definition: Object, spec: Object) -> Iterator[FieldError]:
    name = definition["metadata"].get("name")
    wanted = f"{(spec.get('names') or {}).get('plural') or ''}.{spec.get('group') or ''}"
    if name and name != wanted:
        yield invalid_value("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _group_errors(group: str) -> Iterator[FieldError]:
    if not group:
        yield required("spec.group")
    elif problems := names.SUBDOMAIN.problems(group):
        yield invalid_value("spec.group", group, ",".join(problems))
    elif "." not in group:
        yield invalid_value("spec.group", group, "should be a domain with at least one dot")


def _scope_errors(scope: str) -> Iterator[FieldError]:
    if not scope:
        yield required("spec.scope")
    elif scope not in ("Cluster", "Namespaced"):
        yield unsupported("spec.scope", scope, ("Cluster", "Namespaced"))


def _versions_errors(spec: Object, old: Object) -> Iterator[FieldError]:
    versions: list[Any] = spec.get("versions") or []
    for index, version in enumerate(versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is None:
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema")
    for index, version in enumerate(versions):
        if problems := label_1035_problems(version.get("name") or ""):
            yield invalid_value(f"spec.versions[{index}].name", version.get("name") or "", ",".join(problems))
    yield from version_errors(versions, old)
    if len({version.get("name") for version in versions}) != len(versions):
        yield invalid_value("spec.versions", versions, "must contain unique version names")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        yield invalid_value("spec.versions", versions, detail)
    first = (versions[0].get("name") if versions else "") or ""
    if first and (problems := label_1035_problems(first)):
        yield invalid_value("spec.version", first, ",".join(problems))


def _immutable_errors(spec: Object, old: Object, established: bool) -> Iterator[FieldError]:
    fields = [("group",), ("names", "plural")]
    if established:
        fields = [("scope",), ("names", "kind"), *fields]
    for path in fields:
        now, before = _at(spec, path), _at(old, path)
        if now != before:
            yield invalid_value(f"spec.{'.'.join(path)}", now, "field is immutable")


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = (value or {}).get(name)
    return value


def _stored_version_errors(definition: Object, spec: Object) -> Iterator[FieldError]:
    stored: list[str] = (definition.get("status") or {}).get("storedVersions") or []
    path, versions = "status.storedVersions", spec.get("versions") or []
    if not stored:
        yield invalid_value(path, stored, "must have at least one stored version")
        return
    for version in versions:
        if version.get("storage") and version["name"] not in stored:
            yield invalid_value(path, stored, f"must have the storage version {version['name']}")
    known = {version.get("name") for version in versions}
    for index, name in enumerate(stored):
        if name not in known:
            yield invalid_value(f"{path}[{index}]", name, _STAYS.format(name))


def _approval_errors(definition: Object, old: Object | None) -> Iterator[FieldError]:
    if not is_protected((definition.get("spec") or {}).get("group") or ""):
        return
    state, reason = approval_state(definition)
    if old is not None and approval_state(old)[0] == state:
        return
    path = f"metadata.annotations[{APPROVAL}]"
    if state == "Missing":
        yield required(path, reason)
    elif state == "Invalid":
        yield invalid_value(path, definition["metadata"]["annotations"][APPROVAL], reason)
