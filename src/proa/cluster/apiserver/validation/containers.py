"""Containers: images, ports, environment, mounts, probes, resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    not_found,
    required,
)
from proa.cluster.apiserver.validation.common import (
    PROTOCOLS,
    amounts,
    dns_label,
    elements,
    non_negative,
    one_of,
    path,
    port,
    unique,
)
from proa.cluster.apiserver.validation.file_keys import NO_VARIABLE, VARIABLE, file_key
from proa.cluster.apiserver.validation.restarts import restarts
from proa.kube.quantities import parse_quantity
from proa.kube.resources import Object

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_FIELD_PATHS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_SUBSCRIPTED = ("metadata.labels", "metadata.annotations")
_STANDARD = ("cpu", "memory", "ephemeral-storage")


def container(
    field: str, item: Object, known_volumes: set[str | None], *, is_init: bool
) -> Iterator[FieldError]:
    """One container of any sort; `known_volumes` are the names that mounts may use."""
    if item.get("name"):
        yield from dns_label(f"{field}.name", item["name"])
    yield from _image(field, item)
    yield from one_of(
        f"{field}.terminationMessagePolicy", item.get("terminationMessagePolicy"), _MESSAGE_POLICIES
    )
    yield from _ports(field, item)
    for at, variable in elements(item, field, "env"):
        yield from _variable(at, variable)
    yield from _mounts(field, item, known_volumes)
    if item.get("resources"):
        yield from _resources(f"{field}.resources", item["resources"])
    yield from restarts(field, item)
    if is_init and item.get("restartPolicy") != "Always":
        for name in (*_PROBES, "lifecycle"):
            if item.get(name) is not None:
                yield forbidden(
                    f"{field}.{name}", "may not be set for init containers without restartPolicy=Always"
                )
        return
    if item.get("lifecycle"):
        yield from _lifecycle(f"{field}.lifecycle", item["lifecycle"])
    for name in _PROBES:
        if item.get(name) is not None:
            yield from _probe(f"{field}.{name}", item[name], once=name != "readinessProbe")


def _lifecycle(field: str, lifecycle: Object) -> Iterator[FieldError]:
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            yield from handler(f"{field}.{name}", lifecycle[name])


def _image(field: str, item: Object) -> Iterator[FieldError]:
    image = item.get("image") or ""
    if not image:
        yield required(f"{field}.image")
    elif image != image.strip():
        yield invalid_value(f"{field}.image", image, "must not have leading or trailing whitespace")
    yield from one_of(f"{field}.imagePullPolicy", item.get("imagePullPolicy"), _PULL_POLICIES)


def _ports(field: str, item: Object) -> Iterator[FieldError]:
    ports = elements(item, field, "ports")
    for at, entry in ports:
        if entry.get("containerPort") == 0:
            yield required(f"{at}.containerPort")
        yield from port(f"{at}.containerPort", entry.get("containerPort") or None)
        yield from port(f"{at}.hostPort", entry.get("hostPort") or None)
        yield from one_of(f"{at}.protocol", entry.get("protocol"), PROTOCOLS)
        if entry.get("name"):
            yield from port_name(f"{at}.name", entry["name"])
    yield from unique(".name", ((at, entry.get("name")) for at, entry in ports))


def port_name(field: str, name: str) -> Iterator[FieldError]:
    """An IANA service name (RFC 6335)."""
    if len(name) > 15:
        yield invalid_value(field, name, "must be no more than 15 characters")
    if not re.fullmatch(r"[-a-z0-9]+", name):
        yield invalid_value(
            field, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
        )
    if not re.search(r"[a-z]", name):
        yield invalid_value(field, name, "must contain at least one letter (a-z)")
    if "--" in name:
        yield invalid_value(field, name, "must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        yield invalid_value(field, name, "must not begin or end with a hyphen")


def _variable(field: str, variable: Object) -> Iterator[FieldError]:
    name = variable.get("name") or ""
    if name and not VARIABLE.fullmatch(name):
        yield invalid_value(f"{field}.name", name, NO_VARIABLE)
    source = variable.get("valueFrom")
    if source is None:
        return
    if len(source) != 1:
        detail = "may not have more than one field specified at a time"
        if not source:
            fields = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
            detail = f"must specify one of: {fields}"
        yield invalid_value(f"{field}.valueFrom", "", detail)
    yield from _field_path(f"{field}.valueFrom.fieldRef.fieldPath", path(source, "fieldRef", "fieldPath"))
    if source.get("fileKeyRef") is not None:
        yield from file_key(f"{field}.valueFrom.fileKeyRef", source["fileKeyRef"])
    if variable.get("value"):
        yield invalid_value(f"{field}.valueFrom", "", "may not be specified when `value` is not empty")


def _field_path(field: str, value: str | None) -> Iterator[FieldError]:
    name, bracket, _ = (value or "").partition("[")
    known = name in _SUBSCRIPTED if bracket else name in _FIELD_PATHS
    if value and not known:
        detail = f"error converting fieldPath: field label not supported: {value}"
        yield invalid_value(field, value, detail)


def _mounts(field: str, item: Object, known: set[str | None]) -> Iterator[FieldError]:
    seen = set()
    for at, mount in elements(item, field, "volumeMounts"):
        if mount.get("name") and mount["name"] not in known:
            yield not_found(f"{at}.name", mount["name"])
        if mount.get("mountPath") in seen:
            yield invalid_value(f"{at}.mountPath", mount["mountPath"], "must be unique")
        seen.add(mount.get("mountPath"))
        yield from sub_path(f"{field}.volumeMounts.subPath", mount.get("subPath") or "")
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield invalid_value(
                f"{at}.subPathExpr", mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive"
            )


def sub_path(field: str, value: str) -> Sequence[FieldError]:
    """A path below a volume: relative, and it does not climb."""
    errors = [invalid_value(field, value, "must be a relative path")] if value.startswith("/") else []
    if ".." in value.split("/"):
        errors.append(invalid_value(field, value, "must not contain '..'"))
    return errors


def _resources(field: str, resources: Object) -> Iterator[FieldError]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, given in (("limits", limits), ("requests", requests)):
        yield from amounts(f"{field}.{kind}", given)
        for name in given:
            if name not in _STANDARD and not _is_extended(name):
                yield from _unknown_resource(f"{field}.{kind}[{name}]", name)
    if any(_is_extended(name) and name not in limits for name in requests):
        yield required(f"{field}.limits", "Limit must be set for non overcommitable resources")
    for name, amount in requests.items():
        if name not in limits:
            continue
        if parse_quantity(amount) > parse_quantity(limits[name]):
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid_value(f"{field}.requests", str(amount), detail)
        elif _is_extended(name) and parse_quantity(amount) != parse_quantity(limits[name]):
            yield invalid_value(
                f"{field}.requests", str(amount), f"must be equal to {name} limit of {limits[name]}"
            )


def _is_extended(name: str) -> bool:
    return "/" in name or name.startswith("hugepages-")


def _unknown_resource(field: str, name: str) -> Sequence[FieldError]:
    whys = (
        "must be a standard resource type or fully qualified",
        "must be a standard resource for containers",
    )
    return [invalid_value(field, name, why) for why in whys]


def _probe(field: str, probe: Object, *, once: bool) -> Iterator[FieldError]:
    yield from handler(field, probe)
    for name in (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ):
        yield from non_negative(f"{field}.{name}", probe.get(name))
    if once and probe.get("successThreshold", 1) != 1:
        yield invalid_value(f"{field}.successThreshold", probe["successThreshold"], "must be 1")


def handler(field: str, action: Object) -> Iterator[FieldError]:
    """What a probe or hook does: exactly one thing."""
    given = [name for name in _HANDLERS if action.get(name) is not None]
    if not given:
        yield required(field, "must specify a handler type")
    for name in given[1:]:
        yield forbidden(f"{field}.{name}", "may not specify more than 1 handler type")
    if action.get("exec") is not None and not action["exec"].get("command"):
        yield required(f"{field}.exec.command")
    for name in ("httpGet", "tcpSocket", "grpc"):
        value = path(action, name, "port")
        if isinstance(value, int):
            yield from port(f"{field}.{name}.port", value)
    yield from one_of(f"{field}.httpGet.scheme", path(action, "httpGet", "scheme"), ("HTTP", "HTTPS"))
