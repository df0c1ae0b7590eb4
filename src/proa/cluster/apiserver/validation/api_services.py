"""APIServices (source: kube-aggregator pkg/apis/apiregistration/validation)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required
from proa.kube.resources import Object

_HIGHEST_GROUP, _HIGHEST_VERSION = 20000, 1000


def api_service(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """Its name is VERSION.GROUP; only a remote one has a Service and a bundle."""
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name")
    wanted = f"{spec.get('version') or ''}.{spec.get('group') or ''}"
    if name != wanted:
        yield invalid_value("metadata.name", name, f'must be `spec.version+"."+spec.group`: "{wanted}"')
    if not spec.get("group") and spec.get("version") != "v1":
        yield required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    group, version = spec.get("groupPriorityMinimum") or 0, spec.get("versionPriority") or 0
    if not 0 < group <= _HIGHEST_GROUP:
        yield invalid_value("spec.groupPriorityMinimum", group, "must be positive and less than 20000")
    if not 0 < version <= _HIGHEST_VERSION:
        yield invalid_value("spec.versionPriority", version, "must be positive and less than 1000")
    yield from _local(spec) if spec.get("service") is None else _remote(spec)


def _local(spec: Object) -> Iterator[FieldError]:
    if spec.get("caBundle"):
        size = f"{len(_decoded(spec['caBundle']))} bytes"
        yield invalid_value("spec.caBundle", size, "local APIServices may not have a caBundle")
    if spec.get("insecureSkipTLSVerify"):
        why = "local APIServices may not have insecureSkipTLSVerify"
        yield invalid_value("spec.insecureSkipTLSVerify", True, why)


def _remote(spec: Object) -> Iterator[FieldError]:
    service = spec["service"]
    for name in ("namespace", "name"):
        if not service.get(name):
            yield required(f"spec.service.{name}")
    if not 1 <= (service.get("port") or 0) <= 65535:
        why = "port is not valid: must be between 1 and 65535, inclusive"
        yield invalid_value("spec.service.port", service.get("port"), why)
    if spec.get("insecureSkipTLSVerify") and spec.get("caBundle"):
        why = "may not be true if caBundle is present"
        yield invalid_value("spec.insecureSkipTLSVerify", True, why)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""
