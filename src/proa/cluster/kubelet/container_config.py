"""A container of a pod as the runtime's ContainerConfig."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from proa.cluster.kubelet.cri import CONTAINER_NAME, Image
from proa.cluster.kubelet.expansion import expand
from proa.cluster.kubelet.pods import container_hash, pod_name, security_context
from proa.cluster.kubelet.problems import config_problem
from proa.cluster.kubelet.resources import CPU_PERIOD, Limits, container_limits
from proa.cluster.kubelet.sandbox_config import (
    apparmor,
    identity_labels,
    namespace_options,
    seccomp,
    supplemental_groups,
)
from proa.kube import Object

HASH = "io.kubernetes.container.hash"
RESTART_COUNT = "io.kubernetes.container.restartCount"
MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath"
MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy"
RESOURCES = "io.kubernetes.container.resources"
"""What the container was started with, as JSON: a later kubelet knows by it what it has."""

_MASKED = ("/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
           "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
           "/sys/firmware", "/sys/devices/virtual/powercap")  # fmt: skip
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def container_config(
    pod: Object,
    container: Object,
    image: Image,
    *,
    attempt: int,
    variables: Mapping[str, str],
    mounts: Sequence[Mapping[str, Any]],
    oom_score_adjust: int,
    target: str = "",
) -> dict[str, Any]:
    """What CreateContainer gets. Raises ContainerProblem when it would run as root although it must not.

    `target` is the id of the container whose processes an ephemeral one is to see.
    """
    name = container["name"]
    check_non_root(pod, container, image)
    return {
        "metadata": {"name": name, "attempt": attempt},
        "image": {"image": image.id},
        "command": [expand(word, variables) for word in container.get("command") or ()],
        "args": [expand(word, variables) for word in container.get("args") or ()],
        "working_dir": container.get("workingDir") or "",
        "envs": [{"key": key, "value": value} for key, value in variables.items()],
        "mounts": mounts,
        "labels": identity_labels(pod_name(pod)) | {CONTAINER_NAME: name},
        "annotations": _annotations(container, attempt),
        "log_path": f"{name}/{attempt}.log",
        "stdin": bool(container.get("stdin")),
        "stdin_once": bool(container.get("stdinOnce")),
        "tty": bool(container.get("tty")),
        "linux": {
            "resources": linux_resources(container_limits(container), oom_score_adjust),
            "security_context": _security(pod, container, target),
        },
    }


def _annotations(container: Object, attempt: int) -> dict[str, str]:
    return {
        HASH: container_hash(container),
        RESTART_COUNT: str(attempt),
        MESSAGE_PATH: container.get("terminationMessagePath") or "/dev/termination-log",
        MESSAGE_POLICY: container.get("terminationMessagePolicy") or "File",
        RESOURCES: json.dumps(container.get("resources") or {}),
    }


def linux_resources(limits: Limits, oom_score_adjust: int) -> dict[str, int]:
    """Cgroup values as the runtime's LinuxContainerResources."""
    resources = {"cpu_shares": limits.cpu_shares, "cpu_period": CPU_PERIOD, "oom_score_adj": oom_score_adjust}
    if limits.cpu_quota is not None:
        resources["cpu_quota"] = limits.cpu_quota
    if limits.memory is not None:
        resources["memory_limit_in_bytes"] = limits.memory
    return resources


def effective_security(pod: Object, container: Object) -> Object:
    """The container's security context over that of its pod."""
    return security_context(pod["spec"]) | security_context(container)


def check_non_root(pod: Object, container: Object, image: Image) -> None:
    """Enforce runAsNonRoot. Raises ContainerProblem."""
    context = effective_security(pod, container)
    if not context.get("runAsNonRoot"):
        return
    user, name = context.get("runAsUser", image.user), pod_name(pod)
    who = f'(pod: "{name.name}_{name.namespace}({name.uid})", container: {container["name"]})'
    if user is None or str(user) == "0":
        what = "container's runAsUser breaks non-root policy" if context.get("runAsUser") == 0 else (
            "container has runAsNonRoot and image will run as root"
        )  # fmt: skip
        raise config_problem(f"{what} {who}")
    if isinstance(user, str) and not user.isdecimal():
        raise config_problem(
            f"container has runAsNonRoot and image has non-numeric user ({user}),"
            f" cannot verify user is non-root {who}"
        )


def _security(pod: Object, container: Object, target: str) -> dict[str, Any]:
    context = effective_security(pod, container)
    privileged = bool(context.get("privileged"))
    unmasked = privileged or context.get("procMount") == "Unmasked"
    capabilities = context.get("capabilities") or {}
    security: dict[str, Any] = {
        "privileged": privileged,
        "namespace_options": namespace_options(pod, target),
        "readonly_rootfs": bool(context.get("readOnlyRootFilesystem")),
        "supplemental_groups": supplemental_groups(pod),
        "no_new_privs": context.get("allowPrivilegeEscalation") is False,
        "capabilities": {
            "add_capabilities": capabilities.get("add") or (),
            "drop_capabilities": capabilities.get("drop") or (),
        },
        "masked_paths": () if unmasked else _MASKED,
        "readonly_paths": () if unmasked else _READ_ONLY,
        "seccomp": seccomp(context.get("seccompProfile")),
    }
    if context.get("appArmorProfile"):
        security["apparmor"] = apparmor(context["appArmorProfile"])
    for key, field in (("runAsUser", "run_as_user"), ("runAsGroup", "run_as_group")):
        if context.get(key) is not None:
            security[field] = {"value": context[key]}
    return security
