"""The checks of the baseline level. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver.pod_security.findings import (
    Check,
    Pod,
    Violation,
    containers,
    has_own_users,
    named,
    names,
    plural,
    quoted,
    security,
    setters,
)
from proa.kube.resources import Object

_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
        "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    )
)  # fmt: skip
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
PROFILES = ("RuntimeDefault", "Localhost")


def app_armor(pod: Pod) -> Violation | None:
    """Only the runtime's AppArmor profile or one of the node."""
    values = sorted(_bad_profiles(pod, "appArmorProfile"))
    who = setters(pod, lambda context: _is_bad_profile(context.get("appArmorProfile")))
    annotations = sorted(
        f'{key}="{value}"'
        for key, value in (pod["metadata"].get("annotations") or {}).items()
        if key.startswith(_APP_ARMOR)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    parts = [*filter(None, [who]), *([plural("annotation", annotations)] if annotations else [])]
    values += annotations
    if not parts:
        return None
    reason = plural("forbidden AppArmor profile", values)
    return Violation(reason, f"{' and '.join(parts)} must not set AppArmor profile type to {quoted(values)}")


def _is_bad_profile(profile: Object | None) -> bool:
    return profile is not None and profile.get("type") not in PROFILES


def _bad_profiles(pod: Pod, name: str) -> set[str]:
    contexts = (security(holder) for holder in (pod["spec"], *containers(pod)))
    return {context[name].get("type", "") for context in contexts if _is_bad_profile(context.get(name))}


def capabilities(pod: Pod) -> Violation | None:
    """No capability beyond those that runtimes give."""
    added = {c["name"]: set(_capabilities(c, "add")) - _CAPABILITIES for c in containers(pod)}
    bad = [name for name, more in added.items() if more]
    if not bad:
        return None
    more = quoted(sorted(set().union(*added.values())))
    who = named("container", bad)
    return Violation(
        "non-default capabilities", f"{who} must not include {more} in securityContext.capabilities.add"
    )


def _capabilities(container: Object, which: str) -> list[str]:
    return (security(container).get("capabilities") or {}).get(which) or []


def host_namespaces(pod: Pod) -> Violation | None:
    """No namespace of the host."""
    shared = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if pod["spec"].get(name)]
    return Violation("host namespaces", ", ".join(shared)) if shared else None


def host_paths(pod: Pod) -> Violation | None:
    """No folder of the host."""
    bad = names(v for v in pod["spec"].get("volumes") or () if v.get("hostPath") is not None)
    return Violation("hostPath volumes", named("volume", bad)) if bad else None


def host_ports(pod: Pod) -> Violation | None:
    """No port of the host."""
    ports = {
        c["name"]: [p["hostPort"] for p in c.get("ports") or () if p.get("hostPort")] for c in containers(pod)
    }
    bad = [name for name, used in ports.items() if used]
    if not bad:
        return None
    every = sorted({str(port) for used in ports.values() for port in used})
    verb = "uses" if len(bad) == 1 else "use"
    return Violation(
        "hostPort", f"{named('container', bad)} {verb} {plural('hostPort', every)} {', '.join(every)}"
    )


def probe_hosts(pod: Pod) -> Violation | None:
    """Probes and hooks ask the pod itself, no other host."""
    hosts = {c["name"]: set(_asked_hosts(c)) for c in containers(pod)}
    bad = sorted(name for name, asked in hosts.items() if asked)
    if not bad:
        return None
    every = sorted(set().union(*hosts.values()))
    what = plural("probe or lifecycle host", every)
    verb = "uses" if len(bad) == 1 else "use"
    return Violation("probe or lifecycle host", f"{named('container', bad)} {verb} {what} {quoted(every)}")


def _asked_hosts(container: Object) -> Iterator[str]:
    hooks = container.get("lifecycle") or {}
    probes = (container.get(name) for name in ("livenessProbe", "readinessProbe", "startupProbe"))
    for handler in (*probes, hooks.get("postStart"), hooks.get("preStop")):
        for way in ("httpGet", "tcpSocket"):
            if host := ((handler or {}).get(way) or {}).get("host"):
                yield host


def privileged(pod: Pod) -> Violation | None:
    """No privileged container."""
    bad = names(c for c in containers(pod) if security(c).get("privileged"))
    detail = f"{named('container', bad)} must not set securityContext.privileged=true"
    return Violation("privileged", detail) if bad else None


def proc_mount(pod: Pod) -> Violation | None:
    """The usual, masked /proc."""
    kinds = {c["name"]: security(c).get("procMount") or "Default" for c in containers(pod)}
    bad = [name for name, kind in kinds.items() if kind != "Default"]
    if not bad:
        return None
    values = quoted(sorted(set(kinds.values()) - {"Default"}))
    return Violation(
        "procMount", f"{named('container', bad)} must not set securityContext.procMount to {values}"
    )


def proc_mount_without_users(pod: Pod) -> Violation | None:
    """The usual, masked /proc, unless the pod has users of its own."""
    return None if has_own_users(pod) else proc_mount(pod)


def selinux(*allowed: str) -> Check:
    """No SELinux user or role, and only these types."""

    def check(pod: Pod) -> Violation | None:
        def is_bad(context: Object) -> bool:
            options = context.get("seLinuxOptions") or {}
            unknown = (options.get("type") or "") not in ("", *allowed)
            return bool(unknown or options.get("user") or options.get("role"))

        who = setters(pod, is_bad)
        if not who:
            return None
        given = [security(holder).get("seLinuxOptions") or {} for holder in (pod["spec"], *containers(pod))]
        types = sorted({o["type"] for o in given if o.get("type") and o["type"] not in allowed})
        parts = [named("type", types)] if types else []
        parts += [f"{name} may not be set" for name in ("user", "role") if any(o.get(name) for o in given)]
        detail = f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(parts)}"
        return Violation("seLinuxOptions", detail)

    return check


def seccomp(pod: Pod) -> Violation | None:
    """Seccomp is not turned off."""
    who = setters(pod, lambda context: _is_bad_profile(context.get("seccompProfile")))
    if not who:
        return None
    values = quoted(sorted(_bad_profiles(pod, "seccompProfile")))
    return Violation("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {values}")


def seccomp_annotations(pod: Pod) -> Violation | None:
    """Seccomp is not turned off, in the words of before 1.19."""
    annotations: dict[str, Any] = pod["metadata"].get("annotations") or {}
    keys = [_SECCOMP_POD, *(_SECCOMP_CONTAINER + c["name"] for c in containers(pod))]
    bad = sorted(
        f'{key}="{annotations[key]}"'
        for key in dict.fromkeys(keys)
        if key in annotations
        and annotations[key] not in ("runtime/default", "docker/default")
        and not annotations[key].startswith("localhost/")
    )
    if not bad:
        return None
    detail = f"forbidden {plural('annotation', bad)} {', '.join(bad)}"
    return Violation("seccompProfile", detail)


def sysctls(*allowed: str) -> Check:
    """Only kernel parameters that are a pod's own."""

    def check(pod: Pod) -> Violation | None:
        given = security(pod["spec"]).get("sysctls") or ()
        bad = [each["name"] for each in given if each["name"] not in allowed]
        return Violation("forbidden sysctls", ", ".join(bad)) if bad else None

    return check


def host_process(pod: Pod) -> Violation | None:
    """No process of a Windows host."""
    who = setters(pod, lambda context: bool((context.get("windowsOptions") or {}).get("hostProcess")))
    detail = f"{who} must not set securityContext.windowsOptions.hostProcess=true"
    return Violation("hostProcess", detail) if who else None
