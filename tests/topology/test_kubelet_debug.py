"""kubectl debug: containers that are added to a running pod, copies of pods, and a shell on the node."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.errors import Invalid
from proa.kube import PODS
from support.containerd import Containerd, running_containerd
from support.kubectl import Kubectl
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


@pytest.fixture
def kubectl(lab: KubeletLab) -> Kubectl:
    return Kubectl(lab.base / "kubeconfig")


async def test_a_container_is_added_and_sees_the_processes_of_its_target(
    lab: KubeletLab, kubectl: Kubectl
) -> None:
    await lab.create("web", container("sleep 31415"), container(name="other"))
    await lab.wait_running("web")
    look = ("sh", "-c", "read line; ps; echo heard $line")
    answer = await kubectl.run(
        "debug", "-i", "web", "--image=busybox:stable", "--target=main", "-c", "look", "--", *look,
        text=b"you\n",
    )  # fmt: skip
    assert answer.code == 0, answer.stderr
    assert b"sleep 31415" in answer.stdout
    assert b"heard you" in answer.stdout
    pod = await lab.wait(
        "web", lambda p: "terminated" in p["status"].get("ephemeralContainerStatuses", [{}])[0]["state"]
    )
    (look_status,) = pod["status"]["ephemeralContainerStatuses"]
    assert (look_status["name"], look_status["ready"], look_status["restartCount"]) == ("look", False, 0)
    assert look_status["state"]["terminated"]["exitCode"] == 0
    assert pod["status"]["phase"] == "Running"
    assert all(c["restartCount"] == 0 for c in pod["status"]["containerStatuses"])
    assert "heard you" in await lab.log("web", "look")


async def test_commands_run_in_an_added_container(lab: KubeletLab, kubectl: Kubectl) -> None:
    await lab.create("web")
    await lab.wait_running("web")
    added = await kubectl.run(
        "debug", "web", "--image=busybox:stable", "-c", "tools", "--", "sleep", "1000000"
    )
    assert added.code == 0, added.stderr
    await lab.wait(
        "web",
        lambda p: "running" in p["status"].get("ephemeralContainerStatuses", [{"state": {}}])[0]["state"],
    )
    answer = await kubectl.run("exec", "web", "-c", "tools", "--", "sh", "-c", "ps | grep -c [s]leep; exit 4")
    assert (answer.code, answer.stdout.strip()) == (4, b"1")
    assert (await kubectl.run("delete", "pod", "web", "--grace-period=1")).code == 0
    assert lab.remains() == []


async def test_a_target_that_has_not_started_is_named(lab: KubeletLab) -> None:
    await lab.create("web", initContainers=[container(name="first")])
    await lab.wait("web", lambda p: p["status"].get("initContainerStatuses"))

    async def add(target: str) -> None:
        added = {"name": "look", "image": "busybox:stable", "targetContainerName": target}
        patch = {"spec": {"ephemeralContainers": [added]}}
        await lab.api.patch(PODS, "web", patch, "default", subresource="ephemeralcontainers")

    with pytest.raises(Invalid, match='targetContainerName: Not found: "nobody"'):
        await add("nobody")
    await add("main")
    pod = await lab.wait("web", lambda p: "message" in str(p["status"].get("ephemeralContainerStatuses")))
    waiting = pod["status"]["ephemeralContainerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError"
    assert waiting["message"] == "unable to find target container main"


async def test_a_copy_of_a_pod_is_debugged(lab: KubeletLab, kubectl: Kubectl) -> None:
    await lab.create("web")
    await lab.wait_running("web")
    answer = await kubectl.run(
        "debug", "web", "--copy-to=web-copy", "--image=busybox:stable", "--same-node",
        "--share-processes", "-c", "look", "--", "sleep", "27182",
    )  # fmt: skip
    assert answer.code == 0, answer.stderr
    await lab.wait_running("web-copy")
    seen = await kubectl.run("exec", "web-copy", "-c", "main", "--", "ps")
    assert b"sleep 27182" in seen.stdout


async def test_a_shell_on_the_node(lab: KubeletLab, kubectl: Kubectl) -> None:
    answer = await kubectl.run(
        "debug", f"node/{lab.name}", "-i", "--image=busybox:stable", "--",
        "sh", "-c", "read line; ls /host/etc/hostname",
        text=b"\n",
    )  # fmt: skip
    assert answer.code == 0, answer.stderr
    assert b"/host/etc/hostname" in answer.stdout
    (pod,) = (await lab.api.list(PODS))["items"]
    assert pod["spec"]["hostPID"], json.dumps(pod["spec"])
    assert pod["spec"]["hostNetwork"]
