"""Versions of kinds that Kubernetes 1.37 no longer serves, so that manifests of old still work.

They show in discovery, or kubectl could not send them, but without short names and categories, and
behind the versions of today. Objects are stored in today's version; every answer carries a warning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace

from proa.cluster.apiserver.columns.column import Cell, Column
from proa.cluster.apiserver.kind import Kind, Mutator, Rule
from proa.cluster.apiserver.kinds import (
    admissionregistration,
    apiextensions,
    apps,
    batch,
    certificates,
    coordination,
    discovery,
    networking,
    node,
    policy,
    rbac,
    scheduling,
    storage,
)
from proa.cluster.apiserver.schema.field_error import FieldError
from proa.cluster.apiserver.versions import (
    PureConversion,
    crd_v1beta1,
    endpoint_slice_v1beta1,
    ingress_v1beta1,
    old,
)
from proa.cluster.apiserver.versions.conversion import old_form
from proa.cluster.apiserver.versions.old import Prepare, renamed
from proa.kube.resources import Object, Resource

_TODAY: dict[str, Kind] = {
    kind.resource.plural: kind
    for group in (
        apps, networking, batch, policy, rbac, storage, scheduling, coordination, node, discovery,
        certificates, admissionregistration, apiextensions,
    )
    for kind in group.KINDS
}  # fmt: skip


def _of_today(column: Column, conversion: PureConversion) -> Column:
    def cell(obj: Object, now: dt.datetime) -> Cell:
        return column.cell(conversion.store(obj), now)

    return replace(column, cell=cell)


def _rule_of_today(rule: Rule, conversion: PureConversion) -> Rule:
    def checked(obj: Object, before: Object | None) -> Iterable[FieldError]:
        return rule(conversion.store(obj), None if before is None else conversion.store(before))

    return checked


def _done_as_today(mutate: Mutator, conversion: PureConversion) -> Mutator:
    def changed(obj: Object) -> None:
        with old_form(obj):
            today = conversion.store(obj)
        mutate(today)
        shown = conversion.show(today)
        obj.clear()
        obj.update(shown)

    return changed


def _old(
    api_version: str,
    plural: str,
    times: tuple[str, str],
    prepare: Prepare | None = None,
    conversion: PureConversion | None = None,
) -> Kind:
    """An old version of a kind; `times` are the minor releases that deprecated it and that ended it.

    With a conversion of its own, the fields are others than today's.
    """
    today = _TODAY[plural]
    group, _, version = api_version.partition("/")
    convert = conversion or renamed(api_version, today.resource.api_version)
    deprecated, ended = times
    return replace(
        today,
        resource=Resource(group, version, plural, today.resource.kind, today.resource.namespaced),
        stored_as=today.resource,
        schema_of=None if conversion else (today.resource.api_version, today.resource.kind),
        short_names=(),
        categories=(),
        columns=tuple(_of_today(column, convert) for column in today.columns),
        prepare=prepare,
        defaults=tuple(_done_as_today(one, convert) for one in today.defaults),
        additions=tuple(_done_as_today(one, convert) for one in today.additions),
        first_status=_done_as_today(today.first_status, convert),
        rules=tuple(_rule_of_today(rule, convert) for rule in today.rules),
        conversion=convert,
        deprecation=f"{api_version} {today.resource.kind} is deprecated in v1.{deprecated}+, unavailable in "
        f"v1.{ended}+; use {today.resource.api_version} {today.resource.kind}",
    )


def _same(api_version: str, times: tuple[str, str], *plurals: str) -> Iterator[Kind]:
    for plural in plurals:
        yield _old(api_version, plural, times)


_WORKLOADS = ("9", "16")
_INGRESS = ("14", "22")
_EXTENSIONS, _NETWORKING = "extensions/v1beta1", "networking.k8s.io/v1beta1"
_FIRST, _SECOND = "apps/v1beta1", "apps/v1beta2"
_WEBHOOKS = "admissionregistration.k8s.io/v1beta1"

KINDS = (
    _old(_EXTENSIONS, "deployments", _WORKLOADS, old.first_deployment),
    _old(_EXTENSIONS, "daemonsets", _WORKLOADS, old.update_on_delete),
    _old(_EXTENSIONS, "replicasets", _WORKLOADS, old.select_template_labels),
    _old(_EXTENSIONS, "networkpolicies", _WORKLOADS),
    _old(_EXTENSIONS, "ingresses", _INGRESS, conversion=ingress_v1beta1.conversion(_EXTENSIONS)),
    _old(_NETWORKING, "ingresses", ("19", "22"), conversion=ingress_v1beta1.conversion(_NETWORKING)),
    _old(_NETWORKING, "ingressclasses", ("19", "22")),
    _old(_FIRST, "deployments", _WORKLOADS, old.select_template_labels),
    _old(_FIRST, "statefulsets", _WORKLOADS, old.update_on_delete),
    *(_old(_SECOND, plural, _WORKLOADS, old.select_template_labels)
      for plural in ("deployments", "daemonsets", "replicasets", "statefulsets")),
    _old("batch/v1beta1", "cronjobs", ("21", "25")),
    _old("policy/v1beta1", "poddisruptionbudgets", ("21", "25")),
    *_same("rbac.authorization.k8s.io/v1beta1", ("17", "22"),
           "roles", "rolebindings", "clusterroles", "clusterrolebindings"),
    *_same("storage.k8s.io/v1beta1", ("19", "22"),
           "storageclasses", "volumeattachments", "csidrivers", "csinodes", "csistoragecapacities"),
    _old("apiextensions.k8s.io/v1beta1", "customresourcedefinitions", ("16", "22"),
         conversion=crd_v1beta1.CONVERSION),
    _old(_WEBHOOKS, "validatingwebhookconfigurations", ("16", "22"), old.webhooks),
    _old(_WEBHOOKS, "mutatingwebhookconfigurations", ("16", "22"), old.webhooks),
    *_same("scheduling.k8s.io/v1beta1", ("14", "22"), "priorityclasses"),
    _old("discovery.k8s.io/v1beta1", "endpointslices", ("21", "25"),
         conversion=endpoint_slice_v1beta1.CONVERSION),
    *_same("node.k8s.io/v1beta1", ("22", "25"), "runtimeclasses"),
    *_same("coordination.k8s.io/v1beta1", ("19", "22"), "leases"),
    _old("certificates.k8s.io/v1beta1", "certificatesigningrequests", ("19", "22"), old.signer),
)  # fmt: skip
