"""Which checks a standard has, and what they find in a pod. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from proa.cluster.apiserver.pod_security import baseline, restricted
from proa.cluster.apiserver.pod_security.findings import Check, Pod, Violation
from proa.cluster.apiserver.pod_security.restricted import not_on_windows, without_own_users
from proa.cluster.apiserver.pod_security.standard import Standard


class Rule(NamedTuple):
    """A check in its versions: from which minor version of Kubernetes on it is which."""

    name: str
    versions: tuple[tuple[int, Check], ...]
    replaces: str = ""
    """The check of the baseline that it stands in for."""

    def at(self, minor: int) -> Check | None:
        """The check as of a version, if it was there."""
        return next((check for since, check in reversed(self.versions) if since <= minor), None)


_SYSCTLS_0 = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
)
_SYSCTLS_27 = (*_SYSCTLS_0, "net.ipv4.ip_local_reserved_ports")
_SYSCTLS_29 = (
    *_SYSCTLS_27,
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
)
_SYSCTLS_32 = (*_SYSCTLS_29, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")
_SYSCTLS_37 = (*_SYSCTLS_32, "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat")
_SYSCTLS = ((0, _SYSCTLS_0), (27, _SYSCTLS_27), (29, _SYSCTLS_29), (32, _SYSCTLS_32), (37, _SYSCTLS_37))
_TYPES = ("container_t", "container_init_t", "container_kvm_t")

BASELINE = (
    Rule("appArmorProfile", ((0, baseline.app_armor),)),
    Rule("capabilities_baseline", ((0, baseline.capabilities),)),
    Rule("hostNamespaces", ((0, baseline.host_namespaces),)),
    Rule("hostPathVolumes", ((0, baseline.host_paths),)),
    Rule("hostPorts", ((0, baseline.host_ports),)),
    Rule("hostProbesAndHostLifecycle", ((34, baseline.probe_hosts),)),
    Rule("privileged", ((0, baseline.privileged),)),
    Rule("procMount", ((0, baseline.proc_mount), (35, baseline.proc_mount_without_users))),
    Rule(
        "seLinuxOptions",
        ((0, baseline.selinux(*_TYPES)), (31, baseline.selinux(*_TYPES, "container_engine_t"))),
    ),
    Rule("seccompProfile_baseline", ((0, baseline.seccomp_annotations), (19, baseline.seccomp))),
    Rule("sysctls", tuple((since, baseline.sysctls(*allowed)) for since, allowed in _SYSCTLS)),
    Rule("windowsHostProcess", ((0, baseline.host_process),)),
)
"""In the order of the messages, as are those of the restricted level, which come after."""

RESTRICTED = (
    Rule(
        "allowPrivilegeEscalation",
        ((8, restricted.privilege_escalation), (25, not_on_windows(restricted.privilege_escalation))),
    ),
    Rule(
        "capabilities_restricted",
        ((22, restricted.capabilities), (25, not_on_windows(restricted.capabilities))),
        "capabilities_baseline",
    ),
    Rule("procMount_restricted", ((35, baseline.proc_mount),), "procMount"),
    Rule("restrictedVolumes", ((0, restricted.volumes),), "hostPathVolumes"),
    Rule("runAsNonRoot", ((0, restricted.non_root), (35, without_own_users(restricted.non_root)))),
    Rule("runAsUser", ((23, restricted.user), (35, without_own_users(restricted.user)))),
    Rule(
        "seccompProfile_restricted",
        ((19, restricted.seccomp_said), (25, not_on_windows(restricted.seccomp_said))),
        "seccompProfile_baseline",
    ),
)


@lru_cache(256)
def checks(standard: Standard) -> tuple[Check, ...]:
    """The checks of a standard, in the order of their messages."""
    return tuple(_checks(standard))


def _checks(standard: Standard) -> Iterator[Check]:
    if standard.level == "privileged":
        return
    strict = RESTRICTED if standard.level == "restricted" else ()
    replaced = {rule.replaces for rule in strict if rule.at(standard.minor) is not None}
    for rule in (*BASELINE, *strict):
        check = rule.at(standard.minor)
        if check is not None and rule.name not in replaced:
            yield check


def violations(pod: Pod, standard: Standard) -> list[Violation]:
    """What of a pod or template breaks a standard."""
    return [found for check in checks(standard) if (found := check(pod)) is not None]


def told(found: list[Violation]) -> str:
    """All violations with their details."""
    return ", ".join(map(str, found))
