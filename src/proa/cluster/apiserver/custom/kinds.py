"""From a stored CustomResourceDefinition to the kinds that are served because of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proa.cluster.apiserver.custom.columns import columns
from proa.cluster.apiserver.custom.conversion import Converter, Renaming, Webhook
from proa.cluster.apiserver.custom.defaulting import default
from proa.cluster.apiserver.custom.family import CustomForm, Family
from proa.cluster.apiserver.custom.json_path import names
from proa.cluster.apiserver.custom.structural import Structural
from proa.cluster.apiserver.custom.validity import scale_rule, schema_rule
from proa.cluster.apiserver.custom.versions import version_order
from proa.cluster.apiserver.kind import (
    SCALE,
    STATUS,
    FieldReader,
    Group,
    Kind,
    Rule,
    ScalePaths,
    read,
)
from proa.cluster.apiserver.webhooks import WebhookCaller
from proa.kube.meta import condition_is_true
from proa.kube.resources import Object

_NO_SCHEMA: Mapping[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_WHILE_TERMINATING = tuple(verb for verb in _VERBS if verb != "create")


def is_served(definition: Object) -> bool:
    """Whether objects can be had: the names are accepted and the definition was established."""
    return condition_is_true(definition, "Established")


def schema_of(version: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a version of a definition."""
    schema: Mapping[str, Any] | None = (version.get("schema") or {}).get("openAPIV3Schema")
    return schema if schema is not None else _NO_SCHEMA


def identity(definition: Object) -> Object:
    """All of a definition on which the served kinds depend."""
    names_accepted = (definition.get("status") or {}).get("acceptedNames") or {}
    return {
        "spec": definition["spec"],
        "names": names_accepted,
        "served": is_served(definition),
        "terminating": condition_is_true(definition, "Terminating"),
    }


def kinds_of(definition: Object, revision: int, caller: WebhookCaller) -> list[Kind]:
    """The kinds of all served versions; `revision` is since when stored objects have the form of today."""
    if not is_served(definition):
        return []
    spec = definition["spec"]
    family = _family(spec, _accepted(definition), revision, caller)
    return [_kind(definition, version, family) for version in spec["versions"] if version.get("served")]


def _accepted(definition: Object) -> Mapping[str, Any]:
    accepted: Mapping[str, Any] = definition["status"]["acceptedNames"]
    return accepted


def _family(spec: Object, accepted: Mapping[str, Any], revision: int, caller: WebhookCaller) -> Family:
    return Family(
        group=spec["group"],
        kind=accepted["kind"],
        list_kind=accepted["listKind"],
        storage=next(version["name"] for version in spec["versions"] if version.get("storage")),
        converter=_converter(spec, accepted["kind"], caller),
        since=revision,
        places={v["name"]: Structural(schema_of(v), root=True) for v in spec["versions"]},
        preserves=bool(spec.get("preserveUnknownFields")),
    )


def _converter(spec: Object, kind: str, caller: WebhookCaller) -> Converter:
    conversion = spec.get("conversion") or {}
    if conversion.get("strategy") != "Webhook":
        return Renaming()
    return Webhook(caller, kind, conversion["webhook"])


def _kind(definition: Object, version: Mapping[str, Any], family: Family) -> Kind:
    spec, accepted = definition["spec"], _accepted(definition)
    form = CustomForm(family, version["name"], schema_of(version))
    declare = Group(family.group, version["name"])
    make: Callable[..., Kind] = declare.namespaced if spec["scope"] == "Namespaced" else declare.cluster_wide
    scale = _scale(version)
    return make(
        accepted["plural"],
        family.kind,
        singular_name=accepted["singular"],
        list_name=family.list_kind,
        short_names=tuple(accepted.get("shortNames") or ()),
        categories=tuple(accepted.get("categories") or ()),
        verbs=_WHILE_TERMINATING if condition_is_true(definition, "Terminating") else _VERBS,
        subresources=(
            *([STATUS] if _has(version, "status") else []),
            *([SCALE] if scale else []),
        ),
        columns=columns(version.get("additionalPrinterColumns") or ()),
        defaults=(lambda obj: default(obj, form.place),),
        rules=tuple(_rules(form.place, scale, _has(version, "status"))),
        fields=dict(_fields(version.get("selectableFields") or ())),
        generation=True,
        form=form,
        scale=scale,
        deprecation=_deprecation(spec, version, family.kind),
    )


def _has(version: Mapping[str, Any], subresource: str) -> bool:
    return (version.get("subresources") or {}).get(subresource) is not None


def _scale(version: Mapping[str, Any]) -> ScalePaths | None:
    scale = (version.get("subresources") or {}).get("scale")
    if scale is None:
        return None
    selector = scale.get("labelSelectorPath")
    return ScalePaths(
        tuple(names(scale["specReplicasPath"])),
        tuple(names(scale["statusReplicasPath"])),
        tuple(names(selector)) if selector else (),
    )


def _rules(place: Structural, scale: ScalePaths | None, has_status: bool) -> Iterator[Rule]:
    yield schema_rule(place, has_status)
    if scale is not None:
        yield scale_rule(scale)


def _fields(declared: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, FieldReader]]:
    for field in declared:
        path = names(field["jsonPath"])
        yield ".".join(path), read(*path)


def _deprecation(spec: Object, version: Mapping[str, Any], kind: str) -> str:
    """The warning for users of a version: which one to use is told where there is a better one."""
    if not version.get("deprecated"):
        return ""
    if version.get("deprecationWarning"):
        return str(version["deprecationWarning"])
    usual = f"{spec['group']}/{version['name']} {kind} is deprecated"
    usable = [v["name"] for v in spec["versions"] if v.get("served") and not v.get("deprecated")]
    better = sorted(usable, key=version_order)
    if better and version_order(better[0]) < version_order(version["name"]):
        return f"{usual}; use {spec['group']}/{better[0]} {kind}"
    return usual
