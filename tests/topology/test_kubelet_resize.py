"""Pods are resized in place: by the real runtime, on real cgroups, across a restart of the kubelet."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from proa.kube import EVENTS, PODS, Object, PatchType, find_condition
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]

MI = 1 << 20
RESTART = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


def size(cpu: str, memory: str) -> Object:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


async def resize(lab: KubeletLab, name: str, resources: Object) -> None:
    patch = {"spec": {"containers": [{"name": "main", "resources": resources}]}}
    await lab.api.patch(PODS, name, patch, "default", kind=PatchType.STRATEGIC, subresource="resize")


def main(pod: Object) -> Object:
    (status,) = pod["status"]["containerStatuses"]
    return dict(status)


def has(resources: Object) -> Any:
    """Whether a pod's container has these resources and no resize goes on."""

    def check(pod: Object) -> bool:
        marks = [find_condition(pod, f"PodResize{kind}") for kind in ("Pending", "InProgress")]
        return main(pod).get("resources") == resources and not any(marks)

    return check


async def reasons(lab: KubeletLab, name: str) -> list[str]:
    events = (await lab.api.list(EVENTS))["items"]
    return [e["reason"] for e in events if e["involvedObject"]["name"] == name and "Resize" in e["reason"]]


def memory_of(lab: KubeletLab, pod: Object, container_id: str = "") -> int:
    path = f"proa/{lab.name}/burstable/pod{pod['metadata']['uid']}/{container_id}".rstrip("/")
    return int(lab.cgroup_value(path, "memory.limit_in_bytes", "memory.max"))


async def test_a_container_grows_and_shrinks_without_a_restart(lab: KubeletLab) -> None:
    await lab.create("web", container(resources=size("100m", "64Mi")))
    before = await lab.wait_running("web")
    runtime_id = main(before)["containerID"].removeprefix("containerd://")
    assert (main(before)["resources"], main(before)["allocatedResources"]) == (
        size("100m", "64Mi"), {"cpu": "100m", "memory": "64Mi"},
    )  # fmt: skip
    for cpu, memory in (("200m", "128Mi"), ("50m", "32Mi")):
        await resize(lab, "web", size(cpu, memory))
        pod = await lab.wait("web", has(size(cpu, memory)))
        expected = int(memory[:-2]) * MI
        assert (memory_of(lab, pod), memory_of(lab, pod, runtime_id)) == (expected, expected)
        assert main(pod)["allocatedResources"] == {"cpu": cpu, "memory": memory}
        assert pod["status"]["observedGeneration"] == pod["metadata"]["generation"]
    assert (main(pod)["restartCount"], main(pod)["containerID"]) == (0, main(before)["containerID"])
    shares = f"burstable/pod{pod['metadata']['uid']}/{runtime_id}"
    assert lab.cgroup_value(shares, "cpu.shares", "cpu.weight") in ("51", "2")

    async def told() -> bool:
        return sorted(await reasons(lab, "web")) == ["ResizeCompleted"] * 2 + ["ResizeStarted"] * 2

    await lab.eventually(told, lambda: "events are missing")


async def test_a_container_is_restarted_where_it_wants_that(lab: KubeletLab) -> None:
    await lab.create(
        "web", container(resources=size("100m", "64Mi"), resizePolicy=RESTART), restartPolicy="OnFailure"
    )
    await lab.wait_running("web")
    await resize(lab, "web", size("200m", "64Mi"))
    assert main(await lab.wait("web", has(size("200m", "64Mi"))))["restartCount"] == 0
    await resize(lab, "web", size("200m", "128Mi"))
    pod = await lab.wait("web", lambda p: has(size("200m", "128Mi"))(p) and main(p)["restartCount"] == 1)
    runtime_id = main(pod)["containerID"].removeprefix("containerd://")
    assert (memory_of(lab, pod), memory_of(lab, pod, runtime_id)) == (128 * MI, 128 * MI)


async def test_what_the_node_cannot_have_or_has_not_now(lab: KubeletLab) -> None:
    whole = os.cpu_count() or 1
    await lab.create("big", container(resources={"requests": {"cpu": f"{whole * 1000 - 500}m"}}))
    await lab.create("web", container(resources={"requests": {"cpu": "100m"}}))
    await lab.wait_running("web")
    await lab.wait_running("big")
    await resize(lab, "web", {"requests": {"cpu": f"{whole + 1}"}})
    pod = await lab.wait("web", lambda p: find_condition(p, "PodResizePending"))
    pending = find_condition(pod, "PodResizePending") or {}
    assert (pending["reason"], pending["observedGeneration"]) == ("Infeasible", pod["metadata"]["generation"])
    assert "Node didn't have enough capacity: cpu, requested: " in pending["message"]
    await resize(lab, "web", {"requests": {"cpu": "900m"}})
    pod = await lab.wait("web", is_deferred)
    assert main(pod)["allocatedResources"] == {"cpu": "100m"}
    await lab.delete("big")
    await lab.wait("web", has({"requests": {"cpu": "900m"}}))
    assert {"ResizeInfeasible", "ResizeDeferred"} <= set(await reasons(lab, "web"))


def is_deferred(pod: Object) -> bool:
    return (find_condition(pod, "PodResizePending") or {}).get("reason") == "Deferred"


async def test_memory_in_use_is_not_taken_away(lab: KubeletLab) -> None:
    hold = "x=$(head -c 30000000 /dev/zero | tr '\\0' x); while :; do sleep 1; done"
    await lab.create("web", container(hold, resources=size("10m", "512Mi")))
    pod = await lab.wait_running("web")
    runtime_id = main(pod)["containerID"].removeprefix("containerd://")

    async def full() -> bool:
        path = f"burstable/pod{pod['metadata']['uid']}/{runtime_id}"
        return int(lab.cgroup_value(path, "memory.usage_in_bytes", "memory.current")) > 25 * MI

    await lab.eventually(full, lambda: "the container does not fill its memory")
    await resize(lab, "web", size("10m", "20Mi"))
    pod = await lab.wait("web", lambda p: "reason" in (find_condition(p, "PodResizeInProgress") or {}))
    progress = find_condition(pod, "PodResizeInProgress") or {}
    expected = (
        "cannot decrease memory limits: [attempting to set pod memory limit (20971520) below current usage"
    )
    assert progress["reason"] == "Error"
    assert progress["message"].startswith(expected)
    assert main(pod)["resources"] == size("10m", "512Mi")
    assert main(pod)["allocatedResources"] == {"cpu": "10m", "memory": "20Mi"}
    await resize(lab, "web", size("10m", "200Mi"))
    await lab.wait("web", has(size("10m", "200Mi")))


async def test_a_kubelet_that_starts_goes_on_from_what_was_given(lab: KubeletLab) -> None:
    await lab.create("web", container(resources=size("100m", "64Mi")))
    await lab.wait_running("web")
    await resize(lab, "web", size("100m", "96Mi"))
    await lab.wait("web", has(size("100m", "96Mi")))
    lab.kill_kubelet()
    await resize(lab, "web", {"requests": {"cpu": "1000"}})
    lab.start_kubelet()
    pod = await lab.wait("web", lambda p: find_condition(p, "PodResizePending"))
    assert main(pod)["allocatedResources"] == {"cpu": "100m", "memory": "96Mi"}
    assert main(pod)["resources"] == size("100m", "96Mi")
    assert main(pod)["restartCount"] == 0
    await resize(lab, "web", size("100m", "96Mi"))
    await lab.wait("web", has(size("100m", "96Mi")))
    await lab.delete("web")

    async def forgotten() -> bool:
        return (lab.root / "allocated_pods_state").read_text() == "{}"

    await lab.eventually(forgotten, lambda: "what was given to a pod outlives it")
