"""Ports of the node, and pods that it refuses."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.cluster.kubelet.machine import has_apparmor
from proa.errors import Invalid
from proa.kube import EVENTS, NODES
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]

_PORT = 31000 + os.getpid() % 1000


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


async def test_a_host_port_leads_to_the_pod_and_has_one_owner(lab: KubeletLab) -> None:
    serve = "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www"
    ports = [{"containerPort": 80, "hostPort": _PORT}]
    await lab.create("web", container(serve, ports=ports))
    pod = await lab.wait_running("web")

    async def answers() -> bool:
        gateway = pod["status"]["podIP"].rsplit(".", 1)[0] + ".1"
        try:
            reader, writer = await asyncio.open_connection(gateway, _PORT)
        except OSError:
            return False
        writer.write(b"GET /index.html HTTP/1.0\r\n\r\n")
        text = await reader.read()
        writer.close()
        return text.endswith(b"hello\n")

    await lab.eventually(answers, lambda: "nobody answers at the port of the node")
    await lab.create("second", container(serve, ports=ports))
    second = await lab.wait_phase("second", "Failed")
    assert second["status"]["reason"] == "NodePorts"


async def test_an_unsafe_sysctl_is_refused_and_a_safe_one_set(lab: KubeletLab) -> None:
    sysctls = [{"name": "kernel.msgmax", "value": "65536"}]
    await lab.create("unsafe", securityContext={"sysctls": sysctls})
    refused = await lab.wait_phase("unsafe", "Failed")
    assert refused["status"]["reason"] == "SysctlForbidden"
    why = 'forbidden sysctl: "kernel.msgmax" not allowlisted'
    assert refused["status"]["message"] == f"Pod was rejected: {why}"
    assert "containerStatuses" not in refused["status"], "kubectl would show their state"
    sysctls = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    show = container("cat /proc/sys/net/ipv4/ip_unprivileged_port_start; exec sleep 1000000")
    await lab.create("safe", show, securityContext={"sysctls": sysctls})
    await lab.wait_running("safe")
    assert await lab.lines("safe", 1) == ["0"]


async def test_a_filter_of_system_calls_and_a_read_only_root(lab: KubeletLab) -> None:
    look = "grep Seccomp: /proc/self/status; touch /x 2>&1; id -u; exec sleep 1000000"
    context = {
        "seccompProfile": {"type": "RuntimeDefault"},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 1234,
        "capabilities": {"drop": ["ALL"]},
    }
    await lab.create("strict", container(look, securityContext=context))
    await lab.wait_running("strict")
    lines = await lab.lines("strict", 3)
    assert lines[0].split() == ["Seccomp:", "2"]
    assert "Read-only file system" in lines[1]
    assert lines[2] == "1234"


async def test_a_filter_of_the_nodes_own_is_applied_and_a_missing_one_named(lab: KubeletLab) -> None:
    profile = Path("/var/lib/kubelet/seccomp") / f"{lab.name}.json"
    profile.parent.mkdir(parents=True, exist_ok=True)
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    try:
        context = {"seccompProfile": {"type": "Localhost", "localhostProfile": profile.name}}
        look = container("mkdir /x 2>&1; touch /y && echo made; exec sleep 1000000", securityContext=context)
        await lab.create("filtered", look)
        await lab.wait_running("filtered")
        assert await lab.lines("filtered", 2) == [
            "mkdir: can't create directory '/x': Operation not permitted", "made",
        ]  # fmt: skip
    finally:
        profile.unlink()
    await lab.create("missing", container(securityContext=context))
    pod = await lab.wait("missing", lambda p: "CreateContainerError" in str(p["status"]))
    assert str(profile) in pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"]


async def test_what_the_kernel_does_not_enforce_is_refused(lab: KubeletLab) -> None:
    """No AppArmor on this kernel, no user namespaces with this runtime, and so no bare /proc either."""
    if not has_apparmor():
        context = {"appArmorProfile": {"type": "RuntimeDefault"}}
        await lab.create("armed", container(securityContext=context))
        pod = await lab.wait_phase("armed", "Failed")
        assert pod["status"]["reason"] == "AppArmor"
        why = "Cannot enforce AppArmor: AppArmor is not enabled on the host"
        assert pod["status"]["message"] == f"Pod was rejected: {why}"
    bare = container(securityContext={"procMount": "Unmasked"})
    with pytest.raises(Invalid, match="`hostUsers` must be false to use `Unmasked`"):
        await lab.create("bare", bare)
    await lab.create("bare", bare, hostUsers=False)
    pod = await lab.wait_phase("bare", "Failed")
    why = "hostUsers=false: user namespaces are not supported in this node"
    assert pod["status"]["message"] == f"Pod was rejected: {why}"


async def test_a_container_that_would_run_as_root_says_so(lab: KubeletLab) -> None:
    created = await lab.create("root", container(securityContext={"runAsNonRoot": True}))
    pod = await lab.wait("root", lambda p: "CreateContainerConfigError" in str(p["status"]))
    (main,) = pod["status"]["containerStatuses"]
    who = f'(pod: "root_default({created["metadata"]["uid"]})", container: main)'
    message = f"container has runAsNonRoot and image will run as root {who}"
    assert main["state"]["waiting"]["message"] == message

    async def told() -> bool:
        found = (await lab.api.list(EVENTS, "default"))["items"]
        return any((e["reason"], e["message"]) == ("Failed", f"Error: {message}") for e in found)

    await lab.eventually(told, lambda: "no event says so")


async def test_a_pod_that_was_bound_by_hand_to_a_node_without_its_labels_fails(lab: KubeletLab) -> None:
    await lab.create("elsewhere", nodeSelector={"disk": "ssd"})
    pod = await lab.wait_phase("elsewhere", "Failed")
    assert pod["status"]["reason"] == "NodeAffinity"
    await lab.api.patch(NODES, lab.name, {"metadata": {"labels": {"disk": "ssd"}}})
    await lab.create("here", nodeSelector={"disk": "ssd"})
    await lab.wait_running("here")
