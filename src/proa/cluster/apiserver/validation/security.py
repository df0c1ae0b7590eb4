"""Security contexts of pods and containers (source: kubernetes, pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    Struct,
    invalid_value,
    required,
    too_long,
    unsupported,
)
from proa.cluster.apiserver.validation.common import elements, one_of
from proa.kube.resources import Object

_KINDS = ("Localhost", "RuntimeDefault", "Unconfined")
_PROC_MOUNTS = ("Default", "Unmasked")
_LONGEST_PROFILE = 4095
_FIELDS = ("capabilities", "privileged", "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup",
           "runAsNonRoot", "readOnlyRootFilesystem", "allowPrivilegeEscalation", "procMount",
           "seccompProfile", "appArmorProfile")  # fmt: skip


def security(field: str, spec: Object) -> Iterator[FieldError]:
    """The security contexts of a PodSpec and of its containers."""
    own = spec.get("securityContext") or {}
    yield from _profiles(f"{field}.securityContext", own)
    host_users = spec.get("hostUsers") is not False
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for at, item in elements(spec, field, name):
            if item.get("securityContext"):
                yield from _container(f"{at}.securityContext", item["securityContext"], host_users)


def _container(at: str, context: Object, host_users: bool) -> Iterator[FieldError]:
    mount = context.get("procMount")
    yield from one_of(f"{at}.procMount", mount, _PROC_MOUNTS)
    if host_users and mount == "Unmasked":
        yield invalid_value(f"{at}.procMount", mount, "`hostUsers` must be false to use `Unmasked`")
    if context.get("allowPrivilegeEscalation") is False:
        what = "cannot set `allowPrivilegeEscalation` to false and"
        if context.get("privileged"):
            yield invalid_value(at, _printed(context), f"{what} `privileged` to true")
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            yield invalid_value(at, _printed(context), f"{what} `capabilities.Add` CAP_SYS_ADMIN")
    yield from _profiles(at, context)


def _printed(context: Object) -> Struct:
    """A security context as upstream prints its own form of it."""
    return Struct({_capital(name): _inner(context.get(name)) for name in _FIELDS})


def _capital(name: str) -> str:
    return "SELinuxOptions" if name == "seLinuxOptions" else name[0].upper() + name[1:]


def _inner(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() <= {"add", "drop"}:
        return {"Add": value.get("add"), "Drop": value.get("drop")}
    return {_capital(name): _inner(member) for name, member in value.items()}


def _profiles(at: str, context: Object) -> Iterator[FieldError]:
    seccomp, apparmor = context.get("seccompProfile"), context.get("appArmorProfile")
    if seccomp is not None:
        yield from _profile(f"{at}.seccompProfile", seccomp, "seccomp")
        path = seccomp.get("localhostProfile") or ""
        if seccomp.get("type") == "Localhost":
            yield from _descending(f"{at}.seccompProfile.localhostProfile", path)
    if apparmor is not None:
        yield from _profile(f"{at}.appArmorProfile", apparmor, "AppArmor")
        yield from _name(f"{at}.appArmorProfile.localhostProfile", apparmor)


def _profile(at: str, profile: Object, what: str) -> Iterator[FieldError]:
    kind, name = profile.get("type"), profile.get("localhostProfile")
    if not kind:
        yield required(f"{at}.type", f"type is required when {at.rpartition('.')[2]} is set")
    elif kind not in _KINDS:
        yield unsupported(f"{at}.type", kind, _KINDS)
    elif kind == "Localhost" and not name and (name is None or what == "AppArmor"):
        yield required(f"{at}.localhostProfile", f"must be set when {what} type is Localhost")
    elif kind != "Localhost" and name is not None:
        shown = name if what == "AppArmor" else Struct(Type=kind, LocalhostProfile=name)
        only = f"can only be set when {what} type is Localhost"
        yield invalid_value(f"{at}.localhostProfile", shown, only)


def _descending(at: str, path: str) -> Iterator[FieldError]:
    if path.startswith("/"):
        yield invalid_value(at, path, "must be a relative path")
    if ".." in path.split("/"):
        yield invalid_value(at, path, "must not contain '..'")


def _name(at: str, profile: Object) -> Iterator[FieldError]:
    name = profile.get("localhostProfile") or ""
    if profile.get("type") == "Localhost":
        if name != name.strip():
            yield invalid_value(at, name, "must not be padded with whitespace")
        if len(name) > _LONGEST_PROFILE:
            yield too_long(at, _LONGEST_PROFILE)
