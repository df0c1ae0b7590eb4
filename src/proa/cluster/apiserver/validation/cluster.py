"""Configuration, secrets, events and nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    too_long,
)
from proa.cluster.apiserver.validation.common import elements, immutable, labels, one_of, path
from proa.kube.resources import Object

_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_MESSAGE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_MAX_SIZE = 1 << 20
_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type, no secret
_ACCOUNT_NAME = "kubernetes.io/service-account.name"
_SECRET_KEYS = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def config_map(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """ConfigMap."""
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for key in data:
        yield from _key(f"data[{key}]", key)
        if key in binary:
            yield invalid_value(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in binary:
        yield from _key(f"binaryData[{key}]", key)
    if sum(map(_size, data.values())) + sum(map(_decoded_size, binary.values())) > _MAX_SIZE:
        yield too_long("", _MAX_SIZE)
    yield from _frozen(obj, old, ("data", "binaryData"))


def secret(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """Secret."""
    data = obj.get("data") or {}
    for key in data:
        yield from _key(f"data[{key}]", key)
    if sum(map(_decoded_size, data.values())) > _MAX_SIZE:
        yield too_long("data", _MAX_SIZE)
    for key in _SECRET_KEYS.get(obj.get("type") or "", ()):
        if key not in data:
            yield required(f"data[{key}]")
    if obj.get("type") == _ACCOUNT_TOKEN and not path(obj, "metadata", "annotations", _ACCOUNT_NAME):
        yield required(f"metadata.annotations[{_ACCOUNT_NAME}]")
    yield from immutable(obj, old, "type")
    yield from _frozen(obj, old, ("data",))


def _key(field: str, key: str) -> Iterator[FieldError]:
    if not _KEY.fullmatch(key):
        yield invalid_value(field, key, _KEY_MESSAGE)
    if key == "." or key.startswith(".."):
        word = "must not be" if key in (".", "..") else "must not start with"
        yield invalid_value(field, key, f"{word} '{'.' if key == '.' else '..'}'")


def _size(text: str) -> int:
    return len(text.encode())


def _decoded_size(text: str) -> int:
    return len(text) * 3 // 4


def _frozen(obj: Object, old: Object | None, names: tuple[str, ...]) -> Iterator[FieldError]:
    """What says that it is immutable stays as it is, that word included."""
    if old is None or not old.get("immutable"):
        return
    detail = "field is immutable when `immutable` is set"
    if not obj.get("immutable"):
        yield forbidden("immutable", detail)
    for name in names:
        if (obj.get(name) or {}) != (old.get(name) or {}):
            yield forbidden(name, detail)


def event(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """Event: it lives where the object that it is about lives, or in `default`."""
    namespace, about = path(obj, "metadata", "namespace"), path(obj, "involvedObject", "namespace")
    if not about and namespace not in ("default", "kube-system"):
        yield invalid_value("involvedObject.namespace", about or "", "does not match event.namespace")
    if about and about != namespace:
        yield invalid_value("involvedObject.namespace", about, "does not match event.namespace")


def node(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """Node."""
    for at, taint in elements(obj.get("spec"), "metadata", "taints"):
        yield from labels(f"{at}.key", {taint["key"]: taint.get("value") or ""} if taint.get("key") else None)
        yield from one_of(f"{at}.effect", taint.get("effect"), _EFFECTS)
    if path(old, "spec", "providerID"):
        yield from immutable(obj, old, "spec", "providerID")
    if path(old, "spec", "podCIDRs"):
        before, after = (path(o, "spec", "podCIDRs") for o in (old, obj))
        if before != after:
            yield forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid')
