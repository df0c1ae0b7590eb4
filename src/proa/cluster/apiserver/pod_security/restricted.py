"""The checks that the restricted level adds. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.pod_security.baseline import PROFILES, seccomp
from proa.cluster.apiserver.pod_security.findings import (
    Check,
    Pod,
    Violation,
    containers,
    has_own_users,
    is_windows,
    named,
    names,
    plural,
    quoted,
    security,
    setters,
)
from proa.kube.resources import Object

_VOLUMES = frozenset(
    (
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
        "image", "persistentVolumeClaim", "projected", "secret",
    )
)  # fmt: skip


def not_on_windows(check: Check) -> Check:
    """A check that says nothing of pods for Windows."""
    return lambda pod: None if is_windows(pod) else check(pod)


def without_own_users(check: Check) -> Check:
    """A check that says nothing of pods with users of their own."""
    return lambda pod: None if has_own_users(pod) else check(pod)


def privilege_escalation(pod: Pod) -> Violation | None:
    """No process gains more rights than its parent has."""
    bad = names(c for c in containers(pod) if security(c).get("allowPrivilegeEscalation") is not False)
    detail = f"{named('container', bad)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail) if bad else None


def capabilities(pod: Pod) -> Violation | None:
    """All capabilities dropped, and none added but NET_BIND_SERVICE."""
    details = list(_capability_problems(pod))
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


def _capability_problems(pod: Pod) -> Iterator[str]:
    given = {c["name"]: security(c).get("capabilities") or {} for c in containers(pod)}
    keeping = [name for name, each in given.items() if "ALL" not in (each.get("drop") or ())]
    if keeping:
        yield f'{named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]'
    added = {name: set(each.get("add") or ()) - {"NET_BIND_SERVICE"} for name, each in given.items()}
    adding = [name for name, more in added.items() if more]
    if adding:
        more = quoted(sorted(set().union(*added.values())))
        yield f"{named('container', adding)} must not include {more} in securityContext.capabilities.add"


def volumes(pod: Pod) -> Violation | None:
    """Only volumes that are the cluster's own."""
    bad = [v for v in pod["spec"].get("volumes") or () if not _kinds(v) & _VOLUMES]
    if not bad:
        return None
    kinds = sorted({next(iter(sorted(_kinds(v))), "unknown") for v in bad})
    verb = "uses" if len(bad) == 1 else "use"
    what = f"{plural('restricted volume type', kinds)} {quoted(kinds)}"
    return Violation("restricted volume types", f"{named('volume', names(bad))} {verb} {what}")


def _kinds(volume: Object) -> set[str]:
    return {key for key, value in volume.items() if key != "name" and value is not None}


def non_root(pod: Pod) -> Violation | None:
    """Nothing runs as root by an image's choice."""
    reason = "runAsNonRoot != true"
    who = setters(pod, lambda context: context.get("runAsNonRoot") is False)
    if who:
        return Violation(reason, f"{who} must not set securityContext.runAsNonRoot=false")
    silent = _silent(pod, "runAsNonRoot")
    detail = f"pod or {named('container', silent)} must set securityContext.runAsNonRoot=true"
    return Violation(reason, detail) if silent else None


def _silent(pod: Pod, name: str) -> list[str]:
    """The containers for which neither they nor the pod say something."""
    if security(pod["spec"]).get(name) is not None:
        return []
    return names(c for c in containers(pod) if security(c).get(name) is None)


def user(pod: Pod) -> Violation | None:
    """Nothing asks to run as root."""
    who = setters(pod, lambda context: context.get("runAsUser") == 0)
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def seccomp_said(pod: Pod) -> Violation | None:
    """A seccomp profile is named, and it is none that turns it off."""
    problem = seccomp(pod)
    if problem is not None:
        return problem
    silent = _silent(pod, "seccompProfile")
    wanted = " or ".join(f'"{profile}"' for profile in PROFILES)
    detail = f"pod or {named('container', silent)} must set securityContext.seccompProfile.type to {wanted}"
    return Violation("seccompProfile", detail) if silent else None
