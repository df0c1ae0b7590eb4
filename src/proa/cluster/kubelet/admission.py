"""What a pod may not ask of this node, whoever bound it here: ports that are taken, unsafe sysctls. Pure.

Source: pkg/kubelet/lifecycle/predicate.go and pkg/kubelet/sysctl; a refused pod has failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from proa.cluster.kubelet.pods import is_host_network, planned_containers, security_context
from proa.cluster.kubelet.static.manifest import is_static
from proa.cluster.tolerations import untolerated
from proa.kube import Object
from proa.kube.selectors import node_selector

Refusal = tuple[str, str]
"""Reason and message."""

_SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_rmem", "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
})  # fmt: skip
_SYSTEM = "linux"
_EVICTING = frozenset({"NoExecute"})
_ANY = ("", "0.0.0.0")


def sysctl_refusal(pod: Object, unsafe: Sequence[str] = ()) -> Refusal | None:
    """Why the pod's sysctls are not allowed: only safe ones are, and those that `unsafe` names."""
    spec = pod["spec"]
    for entry in security_context(spec).get("sysctls") or ():
        name = entry["name"].replace("/", ".")
        beginning = name.partition(".")[0]
        shared = spec.get("hostNetwork") if beginning == "net" else spec.get("hostIPC")
        if name not in _SAFE_SYSCTLS and not any(fnmatchcase(name, pattern) for pattern in unsafe):
            return "SysctlForbidden", f'forbidden sysctl: "{name}" not allowlisted'
        if shared:
            what = "Net" if name.startswith("net") else "IPC"
            return "SysctlForbidden", f'forbidden sysctl: "{name}" not allowed with host {what} enabled'
    return None


def security_refusal(pod: Object, *, apparmor: bool) -> Refusal | None:
    """Why the pod's security cannot be had here; `apparmor` tells whether the kernel enforces it."""
    own = security_context(pod["spec"])
    if own.get("supplementalGroupsPolicy") == "Strict":
        return (
            "SupplementalGroupsPolicyNotSupported",
            "SupplementalGroupsPolicy=Strict is not supported in this node",
        )
    if pod["spec"].get("hostUsers") is False:
        return "UnexpectedAdmissionError", "hostUsers=false: user namespaces are not supported in this node"
    contexts = (own, *(security_context(c) for c in planned_containers(pod)))
    kinds = {(context.get("appArmorProfile") or {}).get("type", "Unconfined") for context in contexts}
    if kinds != {"Unconfined"} and not apparmor:
        return "AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host"
    return None


def node_refusal(pod: Object, node: Object) -> Refusal | None:
    """Why the pod does not belong on a node with these labels and taints."""
    spec = pod["spec"]
    if (spec.get("os") or {}).get("name", _SYSTEM) != _SYSTEM:
        return "PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"
    if not _wants(spec, node["metadata"].get("labels") or {}, node["metadata"]["name"]):
        what = "node(s) didn't match Pod's node affinity/selector"
        return "NodeAffinity", f"Predicate NodeAffinity failed: {what}"
    taints = node.get("spec", {}).get("taints") or ()
    if not is_static(pod) and untolerated(taints, spec.get("tolerations") or (), _EVICTING):
        what = "node(s) had taints that the pod didn't tolerate"
        return "TaintToleration", f"Predicate TaintToleration failed: {what}"
    return None


def _wants(spec: Object, labels: Mapping[str, str], name: str) -> bool:
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    wanted = (spec.get("nodeSelector") or {}).items()
    return wanted <= labels.items() and (required is None or node_selector(required)(labels, name))


def port_refusal(pod: Object, others: Iterable[Object]) -> Refusal | None:
    """Why the pod cannot have its ports of the node beside the other pods here."""
    taken = [port for other in others for port in host_ports(other)]
    for port in host_ports(pod):
        if any(_clash(port, other) for other in taken):
            what = "node(s) didn't have free ports for the requested pod ports"
            return "NodePorts", f"Predicate NodePorts failed: {what}"
    return None


def host_ports(pod: Object) -> Iterator[tuple[str, str, int]]:
    """(address, protocol, port) of each port of the node that the pod asks for."""
    for container in planned_containers(pod):
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port["containerPort"] if is_host_network(pod) else 0)
            if number:
                yield port.get("hostIP") or "", port.get("protocol") or "TCP", int(number)


def _clash(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    same_place = one[0] == other[0] or one[0] in _ANY or other[0] in _ANY
    return same_place and one[1:] == other[1:]
