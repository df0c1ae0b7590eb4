"""A pod as the runtime's PodSandboxConfig."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import POD_NAME, POD_NAMESPACE, POD_UID
from proa.cluster.kubelet.dns import Resolver, kernel_host_name
from proa.cluster.kubelet.pods import (
    PodName,
    all_containers,
    is_host_network,
    log_directory_name,
    planned_containers,
    pod_name,
    security_context,
)
from proa.cluster.kubelet.problems import config_problem
from proa.cluster.kubelet.resources import qos_class
from proa.kube import Object, annotations_of, labels_of

NAMESPACE_POD, NAMESPACE_CONTAINER, NAMESPACE_NODE, NAMESPACE_TARGET = 0, 1, 2, 3
_PROTOCOLS = {"TCP": 0, "UDP": 1, "SCTP": 2}
_RUNTIME_DEFAULT, _UNCONFINED, _LOCALHOST = 0, 1, 2
_SECCOMP_ROOT = "/var/lib/kubelet/seccomp"
"""Where every kubelet looks for profiles of type Localhost."""


def identity_labels(name: PodName) -> dict[str, str]:
    """Labels by which the runtime's objects are found again after a restart of ours."""
    return {POD_NAME: name.name, POD_NAMESPACE: name.namespace, POD_UID: name.uid}


def pod_cgroup(pod: Object, config: KubeletConfig) -> str:
    """Cgroup of a pod: `/proa/<node>/<qos>/pod<uid>`."""
    return f"{config.cgroup_root}/{qos_class(pod).lower()}/pod{pod['metadata']['uid']}"


def sandbox_config(pod: Object, config: KubeletConfig, resolver: Resolver, attempt: int) -> dict[str, Any]:
    """What RunPodSandbox gets; CreateContainer wants the same again."""
    name = pod_name(pod)
    return {
        "metadata": {"name": name.name, "namespace": name.namespace, "uid": name.uid, "attempt": attempt},
        "hostname": "" if is_host_network(pod) else kernel_host_name(pod, config),
        "log_directory": str(config.logs_dir / log_directory_name(name)),
        "dns_config": resolver.message(),
        "port_mappings": _port_mappings(pod),
        "labels": labels_of(pod) | identity_labels(name),
        "annotations": annotations_of(pod),
        "linux": {
            "cgroup_parent": pod_cgroup(pod, config),
            "sysctls": {s["name"]: s["value"] for s in security_context(pod["spec"]).get("sysctls") or ()},
            "security_context": _sandbox_security(pod),
        },
    }


def namespace_options(pod: Object, target: str = "") -> dict[str, Any]:
    """Which namespaces are the node's, the pod's, or each container's own.

    A container with a target is to see the processes of the container of that id.
    """
    spec = pod["spec"]
    process = NAMESPACE_POD if spec.get("shareProcessNamespace") else NAMESPACE_CONTAINER
    options = {
        "network": NAMESPACE_NODE if is_host_network(pod) else NAMESPACE_POD,
        "pid": NAMESPACE_NODE if spec.get("hostPID") else process,
        "ipc": NAMESPACE_NODE if spec.get("hostIPC") else NAMESPACE_POD,
    }
    if target and options["pid"] == NAMESPACE_CONTAINER:
        return options | {"pid": NAMESPACE_TARGET, "target_id": target}
    return options


def seccomp(profile: Mapping[str, Any] | None) -> dict[str, Any]:
    """A seccompProfile as the runtime's SecurityProfile; none means unconfined, as upstream.

    Raises ContainerProblem for a file elsewhere than where profiles lie.
    """
    kind = (profile or {}).get("type", "Unconfined")
    if profile and kind == "Localhost":
        name = profile["localhostProfile"]
        path = Path(_SECCOMP_ROOT, name)
        if ".." in path.parts or not path.is_relative_to(_SECCOMP_ROOT):  # as a static pod may ask
            raise config_problem(f"seccomp profile {name} is not below {_SECCOMP_ROOT}")
        return {"profile_type": _LOCALHOST, "localhost_ref": str(path)}
    return {"profile_type": _RUNTIME_DEFAULT if kind == "RuntimeDefault" else _UNCONFINED}


def apparmor(profile: Mapping[str, Any]) -> dict[str, Any]:
    """An appArmorProfile as the runtime's SecurityProfile."""
    kinds = {"RuntimeDefault": _RUNTIME_DEFAULT, "Localhost": _LOCALHOST}
    reference = {"localhost_ref": profile["localhostProfile"]} if profile["type"] == "Localhost" else {}
    return {"profile_type": kinds.get(profile["type"], _UNCONFINED)} | reference


def _sandbox_security(pod: Object) -> dict[str, Any]:
    context = security_context(pod["spec"])
    security: dict[str, Any] = {
        "namespace_options": namespace_options(pod),
        "supplemental_groups": supplemental_groups(pod),
        "privileged": any(security_context(c).get("privileged") for c in all_containers(pod)),
        "seccomp": seccomp(context.get("seccompProfile")),
    }
    if context.get("runAsUser") is not None:
        security["run_as_user"] = {"value": context["runAsUser"]}
    if context.get("runAsGroup") is not None:
        security["run_as_group"] = {"value": context["runAsGroup"]}
    return security


def supplemental_groups(pod: Object) -> list[int]:
    """Groups of every process of the pod besides its own."""
    context = security_context(pod["spec"])
    groups = [context["fsGroup"]] if context.get("fsGroup") is not None else []
    return groups + list(context.get("supplementalGroups") or ())


def _port_mappings(pod: Object) -> list[dict[str, Any]]:
    if is_host_network(pod):
        return []
    return [
        {
            "protocol": _PROTOCOLS[port.get("protocol", "TCP")],
            "container_port": port["containerPort"],
            "host_port": port["hostPort"],
            "host_ip": port.get("hostIP", ""),
        }
        for container in planned_containers(pod)
        for port in container.get("ports") or ()
        if port.get("hostPort")
    ]
