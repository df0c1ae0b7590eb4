"""Pods that take too much harm nobody else."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.kube import NODES, find_condition
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


async def test_a_pod_over_its_size_limit_is_evicted_and_others_stay(lab: KubeletLab) -> None:
    await lab.create("good")
    await lab.create(
        "full",
        container(
            "dd if=/dev/zero of=/d/x bs=1M count=3; sleep 1000000",
            volumeMounts=[{"name": "d", "mountPath": "/d"}],
        ),
        volumes=[{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}],
    )
    pod = await lab.wait_phase("full", "Failed")
    assert pod["status"]["reason"] == "Evicted"
    assert pod["status"]["message"] == 'Usage of EmptyDir volume "d" exceeds the limit "1Mi". '
    target = find_condition(pod, "DisruptionTarget")
    assert target is not None
    assert (target["status"], target["reason"]) == ("True", "TerminationByKubelet")
    await lab.wait_running("good")


async def test_the_node_names_its_images(lab: KubeletLab) -> None:
    async def named() -> bool:
        status = (await lab.api.get(NODES, lab.name))["status"]
        return any("docker.io/library/busybox:stable" in i["names"] for i in status.get("images") or ())

    await lab.eventually(named, lambda: "busybox is not listed")


async def test_a_container_that_forks_without_end_is_bounded(lab: KubeletLab) -> None:
    await lab.create("bomb", container("b() { b | b & }; b; sleep 1000000"))
    await lab.create("good")
    await lab.wait_running("good")
    good = await lab.pod("bomb")
    path = f"proa/{lab.name}/besteffort/pod{good['metadata']['uid']}"
    assert lab.cgroup_value(path, "pids.max") == "4096"
    await lab.delete("bomb", 1)


async def test_a_container_that_floods_its_log_holds_up_nobody(lab: KubeletLab) -> None:
    await lab.create("flood", container("exec yes"))
    await lab.wait_running("flood")
    await lab.create("good", container("echo here; exec sleep 1000000"))
    await lab.wait_running("good")
    assert await lab.lines("good", 1) == ["here"]
    assert (await lab.log("flood", tailLines="2")).splitlines() == ["y", "y"]
    await lab.delete("flood", 1)


async def test_a_soft_threshold_evicts_with_time_to_end(lab: KubeletLab) -> None:
    """Memory is "short" below all there is: first the node says so, then the pod without requests goes."""
    said = "trap 'echo ending; sleep 2; exit 0' TERM; while :; do sleep 0.05; done"
    await lab.create("greedy", container(said), terminationGracePeriodSeconds=30)
    await lab.create("modest", container(resources={"requests": {"memory": "1Gi"}}))
    await lab.wait_running("greedy")
    await lab.wait_running("modest")
    lab.arguments = [
        "eviction-soft=memory.available<99%",
        "eviction-soft-grace-period=memory.available=1s",
        "eviction-max-pod-grace-period=10",
        "eviction-pressure-transition-period=1s",
    ]
    lab.kill_kubelet()
    lab.start_kubelet()
    pod = await lab.wait_phase("greedy", "Failed")
    assert pod["status"]["reason"] == "Evicted"
    assert pod["status"]["message"].startswith("The node was low on resource: memory. Threshold quantity: ")
    (status,) = pod["status"]["containerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == 0, "it had no time to end"
    node = await lab.api.get(NODES, lab.name)
    assert (find_condition(node, "MemoryPressure") or {})["status"] == "True"


async def test_pods_have_as_many_processes_as_the_kubelet_is_told(lab: KubeletLab) -> None:
    lab.arguments = ["pod-max-pids=40"]
    lab.kill_kubelet()
    lab.start_kubelet()
    await lab.create("few", container("b() { b | b & }; b; sleep 1000000"))
    pod = await lab.wait_running("few")
    path = f"proa/{lab.name}/besteffort/pod{pod['metadata']['uid']}"
    assert lab.cgroup_value(path, "pids.max") == "40"
    await lab.delete("few", 1)
