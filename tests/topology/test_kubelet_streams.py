"""exec, attach, cp and port-forward: the real kubectl, through our API server and kubelet, to containerd."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.cluster import NEWEST, OLDER
from support.containerd import Containerd, running_containerd
from support.kubectl import Kubectl
from support.kubelet_lab import KubeletLab, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        await made.create("web")
        await made.wait_running("web")
        yield made
        assert list((made.root / "streams").glob("*")) == []


@pytest.fixture
def kubectl(lab: KubeletLab) -> Kubectl:
    return Kubectl(lab.base / "kubeconfig")


@pytest.mark.parametrize("version", [NEWEST, OLDER])
async def test_a_command_its_streams_and_its_code(lab: KubeletLab, version: str) -> None:
    kubectl = Kubectl(lab.base / "kubeconfig", version)
    answer = await kubectl.run("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (answer.code, answer.stdout) == (3, b"out\n")
    assert answer.stderr.startswith("err\n")
    echoed = await kubectl.run("exec", "-i", "web", "--", "cat", text=b"to and fro\n")
    assert (echoed.code, echoed.stdout, echoed.stderr) == (0, b"to and fro\n", "")


async def test_much_data_both_ways_keeps_its_order(kubectl: Kubectl) -> None:
    data = b"".join(b"%09d\n" % number for number in range(800_000))
    answer = await kubectl.run("exec", "-i", "web", "--", "sh", "-c", "tee /tmp/copy", text=data)
    assert (answer.code, hashlib.sha256(answer.stdout).digest()) == (0, hashlib.sha256(data).digest())
