"""Pods, and the pod templates in other kinds."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.names import SUBDOMAIN
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    too_long,
)
from proa.cluster.apiserver.validation.common import (
    dns_label,
    elements,
    in_range,
    labels,
    non_negative,
    one_of,
    path,
    unique,
)
from proa.cluster.apiserver.validation.containers import container
from proa.cluster.apiserver.validation.file_keys import file_volumes
from proa.cluster.apiserver.validation.scheduling import affinity, tolerations, topology_spread
from proa.cluster.apiserver.validation.security import security
from proa.cluster.apiserver.validation.sysctls import sysctls
from proa.cluster.apiserver.validation.volumes import volumes
from proa.kube.resources import Object

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MAX_NAME_SERVERS = 3
_LONGEST_HOST_NAME = 64


def pod(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """A pod. What was accepted once is not looked at again unless it changed."""
    if old is None and path(obj, "spec", "ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if old is None or obj.get("spec") != old.get("spec"):
        yield from pod_spec("spec", obj.get("spec") or {})


def pod_template(field: str, template: Object) -> Iterator[FieldError]:
    """A PodTemplateSpec."""
    yield from labels(f"{field}.metadata.labels", path(template, "metadata", "labels"))
    yield from pod_spec(f"{field}.spec", template.get("spec") or {})
    if path(template, "spec", "ephemeralContainers"):
        yield forbidden(
            f"{field}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"
        )


def pod_spec(field: str, spec: Object) -> Iterator[FieldError]:
    """A PodSpec."""
    yield from volumes(field, spec)
    yield from _containers(field, spec)
    yield from one_of(f"{field}.restartPolicy", spec.get("restartPolicy"), _RESTART_POLICIES)
    yield from one_of(f"{field}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    yield from labels(f"{field}.nodeSelector", spec.get("nodeSelector"))
    yield from non_negative(
        f"{field}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds")
    )
    yield from in_range(f"{field}.activeDeadlineSeconds", spec.get("activeDeadlineSeconds"), 1, 2**31 - 1)
    yield from _identity(field, spec)
    yield from sysctls(field, spec)
    yield from security(field, spec)
    yield from _dns(field, spec)
    if spec.get("affinity"):
        yield from affinity(f"{field}.affinity", spec["affinity"])
    yield from tolerations(field, spec)
    yield from topology_spread(field, spec)
    yield from file_volumes(field, spec)


def _containers(field: str, spec: Object) -> Iterator[FieldError]:
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    known = {volume.get("name") for volume in spec.get("volumes") or ()}
    named: list[tuple[str, str | None]] = []
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for at, item in elements(spec, field, kind):
            named.append((at, item.get("name")))
            yield from container(at, item, known, is_init=kind == "initContainers")
            if spec.get("hostNetwork"):
                yield from _host_ports(at, item)
    yield from unique(".name", named)


def _host_ports(field: str, item: Object) -> Iterator[FieldError]:
    for at, entry in elements(item, field, "ports"):
        if entry.get("hostPort") != entry.get("containerPort"):
            yield invalid_value(
                f"{at}.hostPort",
                entry.get("hostPort"),
                "must match `containerPort` when `hostNetwork` is true",
            )


def _identity(field: str, spec: Object) -> Iterator[FieldError]:
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            yield from dns_label(f"{field}.{name}", spec[name])
    yield from _host_name(f"{field}.hostnameOverride", spec)
    context = spec.get("securityContext") or {}
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        yield from in_range(f"{field}.securityContext.{name}", context.get(name), 0, 2**31 - 1)


def _host_name(field: str, spec: Object) -> Iterator[FieldError]:
    name = spec.get("hostnameOverride")
    if name is None:
        return
    for other in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(other):
            yield forbidden(field, f"may not be specified when {other} is true")
    if len(name) > _LONGEST_HOST_NAME:
        yield too_long(field, _LONGEST_HOST_NAME)
    for problem in SUBDOMAIN.problems(name):
        yield invalid_value(field, name, problem)


def _dns(field: str, spec: Object) -> Iterator[FieldError]:
    if spec.get("dnsPolicy") == "None" and spec.get("dnsConfig") is None:
        yield required(f"{field}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
        return
    servers = path(spec, "dnsConfig", "nameservers") or []
    if len(servers) > _MAX_NAME_SERVERS:
        detail = f"must not have more than {_MAX_NAME_SERVERS} nameservers"
        yield invalid_value(f"{field}.dnsConfig.nameservers", servers, detail)
    if spec.get("dnsPolicy") == "None" and not servers:
        detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield required(f"{field}.dnsConfig.nameservers", detail)
