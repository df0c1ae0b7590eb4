"""What a node does when things break: images, probes, the kubelet itself, containerd."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from proa.kube import NODES, PODS, Object, condition_is_true, find_condition
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


def main_of(pod: Object) -> Object:
    statuses = pod["status"].get("containerStatuses") or [{"state": {}}]
    return dict(statuses[0])


def waits_for(reason: str) -> Callable[[Object], bool]:
    return lambda pod: bool(main_of(pod)["state"].get("waiting", {}).get("reason") == reason)


IMAGES = {
    "no such registry": ({"image": "registry.invalid/x:1"}, "ErrImagePull", "registry.invalid/x:1"),
    "not to be pulled": (
        {"image": "absent:1", "imagePullPolicy": "Never"},
        "ErrImageNeverPull",
        "is not present with pull policy of Never",
    ),
    "no name": ({"image": "Not A Name"}, "InvalidImageName", "invalid reference format"),
}


@pytest.mark.parametrize(("change", "reason", "text"), IMAGES.values(), ids=IMAGES.keys())
async def test_an_image_that_cannot_be_had(lab: KubeletLab, change: Object, reason: str, text: str) -> None:
    await lab.create("image", container() | change)
    pod = await lab.wait("image", waits_for(reason))
    assert text in main_of(pod)["state"]["waiting"]["message"]
    assert pod["status"]["phase"] == "Pending"
    if reason == "ErrImagePull":
        pod = await lab.wait("image", waits_for("ImagePullBackOff"))
        message = main_of(pod)["state"]["waiting"]["message"]
        assert message.startswith('Back-off pulling image "registry.invalid/x:1": ErrImagePull: rpc error')


async def test_a_command_that_does_not_exist(lab: KubeletLab) -> None:
    await lab.create("nocommand", container() | {"command": ["/nope"]}, restartPolicy="Never")
    pod = await lab.wait_phase("nocommand", "Failed")
    ended = main_of(pod)["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert "/nope" in ended["message"]


async def test_probes_decide_when_a_pod_is_started_and_ready(lab: KubeletLab) -> None:
    quick = {"periodSeconds": 1, "failureThreshold": 100}
    await lab.create(
        "probed",
        container(
            "sleep 1; touch /tmp/started; httpd -p 8080 -h /tmp; sleep 1000000",
            startupProbe=quick | {"exec": {"command": ["test", "-e", "/tmp/started"]}},
            readinessProbe=quick | {"httpGet": {"port": "web", "path": "/started"}},
            livenessProbe=quick | {"tcpSocket": {"port": 8080}},
            ports=[{"name": "web", "containerPort": 8080}],
        ),
    )
    pod = await lab.wait_phase("probed", "Running")
    assert (main_of(pod)["started"], main_of(pod)["ready"]) == (False, False)
    pod = await lab.wait_running("probed")
    assert (main_of(pod)["started"], main_of(pod)["restartCount"]) == (True, 0)


async def test_a_failed_liveness_probe_restarts_the_container(lab: KubeletLab) -> None:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    await lab.create("sick", container(livenessProbe=probe))
    pod = await lab.wait("sick", lambda p: main_of(p).get("restartCount", 0) >= 1)
    assert main_of(pod)["lastState"]["terminated"]["exitCode"] in (0, 137)


async def test_a_killed_kubelet_adopts_what_runs(lab: KubeletLab) -> None:
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    await lab.create("stays", container(readinessProbe=probe))
    await lab.create("leaves")
    before = [await lab.wait_running(name) for name in ("stays", "leaves")]
    lab.kill_kubelet()
    await lab.api.delete(PODS, "leaves", "default", grace_period_seconds=0)
    lab.start_kubelet()
    await lab.create("new")
    await lab.wait_running("new")

    async def cleared() -> bool:
        return not any(before[1]["metadata"]["uid"] in line for line in lab.remains())

    await lab.eventually(cleared, lambda: f"{lab.remains()}")
    after = await lab.pod("stays")
    assert after["status"] == before[0]["status"]


async def test_containers_outlive_a_killed_containerd(lab: KubeletLab) -> None:
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 1}
    await lab.create("outlives", container(livenessProbe=probe))
    before = await lab.wait_running("outlives")
    await asyncio.to_thread(lab.containerd.kill)
    await asyncio.sleep(1)
    assert condition_is_true(await lab.api.get(NODES, lab.name), "Ready"), "it may be restarting"

    async def unready() -> bool:
        return not condition_is_true(await lab.api.get(NODES, lab.name), "Ready")

    await lab.eventually(unready, lambda: "the node stays Ready without containerd")
    ready = find_condition(await lab.api.get(NODES, lab.name), "Ready")
    assert ready is not None
    assert (ready["reason"], ready["message"]) == ("KubeletNotReady", "container runtime is down")
    await lab.create("after")
    await asyncio.to_thread(lab.containerd.start)
    await lab.wait_running("after")
    after = await lab.pod("outlives")
    assert main_of(after)["containerID"] == main_of(before)["containerID"]
    assert main_of(after)["restartCount"] == 0


async def test_a_container_that_ended_while_nobody_looked_is_restarted(lab: KubeletLab) -> None:
    await lab.create("ends", container("sleep 1.5"))
    await lab.wait_running("ends")
    lab.kill_kubelet()
    await asyncio.sleep(1.5)
    lab.start_kubelet()
    pod = await lab.wait("ends", lambda p: main_of(p).get("restartCount", 0) >= 1)
    assert main_of(pod)["lastState"]["terminated"]["reason"] == "Completed"
