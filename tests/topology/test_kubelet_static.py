"""Pods of files on the node."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.errors import NotFound
from proa.kube import PODS
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
        for file in _folder(made).iterdir():
            file.unlink()


def _folder(lab: KubeletLab) -> Path:
    return lab.base / "data" / "agent" / "pod-manifests"


def _manifest(lab: KubeletLab, command: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [container(command)], "terminationGracePeriodSeconds": 1},
    }
    (_folder(lab) / "web.yaml").write_text(json.dumps(pod))


async def test_a_file_is_a_pod_whatever_the_api_says(lab: KubeletLab) -> None:
    name = f"web-{lab.name}"
    _manifest(lab, "echo one; exec sleep 1000000")

    async def mirrored() -> bool:
        try:
            return bool(await lab.pod(name))
        except NotFound:
            return False

    await lab.eventually(mirrored, lambda: "there is no mirror")
    first = await lab.wait_running(name)
    notes = first["metadata"]["annotations"]
    assert notes["kubernetes.io/config.source"] == "file"
    assert notes["kubernetes.io/config.mirror"] == notes["kubernetes.io/config.hash"]
    assert first["metadata"]["ownerReferences"][0]["kind"] == "Node"
    assert await lab.lines(name, 1) == ["one"]

    await lab.api.delete(PODS, name, "default")

    async def again() -> bool:
        return await mirrored() and (await lab.pod(name))["metadata"]["uid"] != first["metadata"]["uid"]

    await lab.eventually(again, lambda: "the mirror does not come back")
    second = await lab.wait_running(name)
    ids = [p["status"]["containerStatuses"][0]["containerID"] for p in (first, second)]
    assert ids[0] == ids[1]

    _manifest(lab, "echo two; exec sleep 1000000")

    async def changed() -> bool:
        return await mirrored() and (await lab.pod(name))["metadata"]["annotations"] != notes

    await lab.eventually(changed, lambda: "the changed file shows no effect")
    await lab.wait_running(name)
    assert await lab.lines(name, 1) == ["two"]
    (_folder(lab) / "web.yaml").unlink()
    await lab.wait_gone(name)

    async def clean() -> bool:
        return lab.remains() == []

    await lab.eventually(clean, lambda: f"{lab.remains()}")


async def test_a_file_is_a_pod_while_the_api_is_away(lab: KubeletLab) -> None:
    lab.kill_kubelet()
    kubeconfig = lab.base / "kubeconfig"
    text = kubeconfig.read_text()
    kubeconfig.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", text))
    _manifest(lab, "echo alone; exec sleep 1000000")
    lab.start_kubelet()

    async def alone() -> bool:
        return any("alone" in log.read_text() for log in (lab.root / "logs").glob("*/main/0.log"))

    await lab.eventually(alone, lambda: "the pod does not run without the API")
    lab.kill_kubelet()
    kubeconfig.write_text(text)
    lab.start_kubelet()

    async def mirrored() -> bool:
        return any(p["metadata"]["name"] == f"web-{lab.name}" for p in (await lab.api.list(PODS))["items"])

    await lab.eventually(mirrored, lambda: "there is no mirror")
    pod = await lab.wait_running(f"web-{lab.name}")
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
