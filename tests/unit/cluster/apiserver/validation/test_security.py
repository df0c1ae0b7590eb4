"""What a security context may say, in the words of upstream."""

from __future__ import annotations

import pytest

from proa.cluster.apiserver.validation.security import security
from proa.kube import Object

LOCAL = {"type": "Localhost", "localhostProfile": "a/b.json"}


def errors(context: Object, own: Object | None = None, **spec: object) -> list[str]:
    container = {"name": "c", "securityContext": context}
    whole = {"containers": [container], "securityContext": own or {}} | spec
    return [str(error) for error in security("spec", whole)]


def test_what_is_right_passes() -> None:
    context = {"seccompProfile": LOCAL, "appArmorProfile": {"type": "RuntimeDefault"}, "procMount": "Default"}
    assert errors(context, {"seccompProfile": {"type": "RuntimeDefault"}}) == []
    assert errors({"procMount": "Unmasked"}, hostUsers=False) == []
    assert errors({}) == []


CASES: dict[str, tuple[Object, str, str]] = {
    "no type": ({"seccompProfile": {}}, "seccompProfile.type", "type is required when seccompProfile is set"),
    "another type": ({"seccompProfile": {"type": "None"}}, "seccompProfile.type", "supported values"),
    "no profile": (
        {"seccompProfile": {"type": "Localhost"}}, "seccompProfile.localhostProfile",
        "must be set when seccomp type is Localhost"),
    "a profile too many": (
        {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "x"}},
        "seccompProfile.localhostProfile", "can only be set when seccomp type is Localhost"),
    "an absolute path": (
        {"seccompProfile": {"type": "Localhost", "localhostProfile": "/etc/passwd"}},
        "seccompProfile.localhostProfile", "must be a relative path"),
    "a path that leads out": (
        {"seccompProfile": {"type": "Localhost", "localhostProfile": "a/../../x"}},
        "seccompProfile.localhostProfile", "must not contain '..'"),
    "a padded name": (
        {"appArmorProfile": {"type": "Localhost", "localhostProfile": " x"}},
        "appArmorProfile.localhostProfile", "must not be padded with whitespace"),
    "an empty name": (
        {"appArmorProfile": {"type": "Localhost", "localhostProfile": ""}},
        "appArmorProfile.localhostProfile", "must be set when AppArmor type is Localhost"),
    "a bare proc": ({"procMount": "Unmasked"}, "procMount", "`hostUsers` must be false to use `Unmasked`"),
    "another proc": ({"procMount": "Half"}, "procMount", "supported values"),
    "privileged, yet not": (
        {"privileged": True, "allowPrivilegeEscalation": False}, "",
        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said(case: str) -> None:
    context, field, detail = CASES[case]
    (error,) = errors(context)
    where = f"spec.containers[0].securityContext.{field}".rstrip(".")
    assert error.startswith(f"{where}: ")
    assert detail in error


def test_the_pods_own_is_looked_at_too() -> None:
    (error,) = errors({}, {"seccompProfile": {"type": "Localhost", "localhostProfile": "../x"}})
    assert error.startswith("spec.securityContext.seccompProfile.localhostProfile: ")
