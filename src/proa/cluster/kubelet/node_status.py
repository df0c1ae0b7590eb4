"""The Node object's contents (source: pkg/kubelet/nodestatus). Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import RuntimeCondition
from proa.cluster.kubelet.machine import RESERVED_MEMORY, Machine
from proa.kube import Object, format_milli

KUBERNETES_VERSION = "v1.37.2+proa"
_FREE_DISK = 0.10


def node_labels(config: KubeletConfig, machine: Machine) -> dict[str, str]:
    """Labels that every node has, and those of the configuration."""
    return {
        "kubernetes.io/hostname": config.node_name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.architecture,
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": machine.architecture,
        "node.kubernetes.io/instance-type": "proa",
        "beta.kubernetes.io/instance-type": "proa",
    } | dict(config.labels)


def capacity(config: KubeletConfig, machine: Machine) -> dict[str, str]:
    """What the machine has."""
    return {
        "cpu": format_milli(machine.cpus * 1000),
        "memory": f"{machine.memory // 1024}Ki",
        "ephemeral-storage": f"{machine.disk // 1024}Ki",
        "pods": str(config.max_pods),
    }


def allocatable(config: KubeletConfig, machine: Machine) -> dict[str, str]:
    """What pods may ask for: the machine less what must stay free."""
    return capacity(config, machine) | {
        "memory": f"{max(machine.memory - RESERVED_MEMORY, 0) // 1024}Ki",
        "ephemeral-storage": str(int(machine.disk * (1 - _FREE_DISK))),
    }


def extended(status: Object) -> dict[str, str | None]:
    """What people added to the node's capacity, to be allocatable too; None for what they took away again."""
    has, gives = status.get("capacity") or {}, status.get("allocatable") or {}
    return {
        name: has.get(name) for name in {**gives, **has} if "/" in name and has.get(name) != gives.get(name)
    }


def node_info(machine: Machine, runtime: tuple[str, str]) -> dict[str, str]:
    """`status.nodeInfo`; `runtime` is (name, version)."""
    return {
        "architecture": machine.architecture,
        "bootID": machine.boot_id,
        "containerRuntimeVersion": f"{runtime[0]}://{runtime[1]}",
        "kernelVersion": machine.kernel,
        "kubeProxyVersion": "",
        "kubeletVersion": KUBERNETES_VERSION,
        "machineID": machine.machine_id,
        "operatingSystem": "linux",
        "osImage": machine.os_image,
        "systemUUID": machine.system_uuid,
    }


def node_conditions(
    runtime: Iterable[RuntimeCondition] | None, pressures: Container[str]
) -> list[tuple[str, bool, str, str]]:
    """(type, status, reason, message) of each condition; `runtime` is None when it does not answer,
    `pressures` are the conditions of that name that hold.
    """
    faults = runtime_faults(runtime)
    ready = ("Ready", True, "KubeletReady", "kubelet is posting ready status")
    if faults:
        ready = ("Ready", False, "KubeletNotReady", "; ".join(faults))
    return [
        _pressure("MemoryPressure", "Memory", short="MemoryPressure" in pressures),
        _pressure("DiskPressure", "Disk", short="DiskPressure" in pressures),
        _pressure("PIDPressure", "PID", short="PIDPressure" in pressures),
        ready,
    ]


def runtime_faults(runtime: Iterable[RuntimeCondition] | None) -> list[str]:
    """Why the runtime cannot run pods; none means that it can."""
    if runtime is None:
        return ["container runtime is down"]
    what = {
        "RuntimeReady": "container runtime not ready",
        "NetworkReady": "container runtime network not ready",
    }
    return [
        f"{what[c.type]}: {c.type}=false reason:{c.reason} message:{c.message}"
        for c in runtime
        if not c.ok and c.type in what
    ]


def _pressure(kind: str, word: str, *, short: bool) -> tuple[str, bool, str, str]:
    if short:
        reason = f"KubeletHasInsufficient{word}" if word != "Disk" else "KubeletHasDiskPressure"
        return kind, True, reason, f"kubelet has {'insufficient ' if word != 'Disk' else ''}{word} available"
    if word == "Disk":
        return kind, False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"
    return kind, False, f"KubeletHasSufficient{word}", f"kubelet has sufficient {word.lower()} available"


def addresses(config: KubeletConfig) -> list[Object]:
    """`status.addresses`."""
    return [
        *({"type": "InternalIP", "address": ip} for ip in config.node_ips),
        {"type": "Hostname", "address": config.node_name},
    ]


def admission_refusal(
    pod_requests: Mapping[str, int], used: Sequence[Mapping[str, int]], room: Mapping[str, int]
) -> tuple[str, str] | None:
    """Reason and message when a pod does not fit; amounts are millicores of cpu and bytes of memory."""
    if len(used) >= room["pods"]:
        return _out_of("pods", 1, len(used), room["pods"])
    for name in ("cpu", "memory"):
        taken = sum(amounts[name] for amounts in used)
        if pod_requests[name] and pod_requests[name] + taken > room[name]:
            return _out_of(name, pod_requests[name], taken, room[name])
    return None


def _out_of(name: str, requested: int, used: int, limit: int) -> tuple[str, str]:
    message = (
        f"Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {limit}"
    )
    return f"OutOf{name}", message
