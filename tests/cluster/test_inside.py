"""A look inside pods of another node: exec, cp and port-forward, as a person does it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import CACHE, NEWEST, OLDER, Cluster, http_get, pod

SERVE = "mkdir /www; echo hello >/www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www"


@pytest.fixture(scope="module")
def inside(any_cluster: Cluster) -> Iterator[Cluster]:
    any_cluster.ensure("--nodes", "3")
    any_cluster.apply(pod("inside", "sh", "-c", SERVE, nodeName="node-3"))
    any_cluster.wait("pod/inside", "condition=Ready")
    yield any_cluster
    any_cluster.kubectl("delete", "pod", "inside", "--timeout=60s")


@pytest.mark.parametrize("version", [NEWEST, OLDER])
def test_exec_passes_streams_and_exit_codes(inside: Cluster, version: str) -> None:
    command = ("exec", "-i", "inside", "--", "sh", "-c", "cat; exit 3")
    answer = inside.kubectl(*command, version=version, text="in and out\n", check=False)
    assert (answer.returncode, answer.stdout) == (3, "in and out\n")


def test_files_are_copied_both_ways(inside: Cluster, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(bytes(range(256)) * 1000)
    inside.kubectl("cp", str(tmp_path / "there"), "inside:/tmp/there")
    inside.kubectl("cp", "inside:/tmp/there", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "there").read_bytes()


@pytest.mark.parametrize("version", [NEWEST, OLDER])
def test_a_port_of_the_pods_own_loopback_is_forwarded(inside: Cluster, version: str) -> None:
    program = str(CACHE / f"kubectl-{version}" / "kubectl")
    command = [program, "--kubeconfig", str(inside.kubeconfig), "port-forward", "pod/inside", ":8080"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[2]
            assert [http_get(address) for _ in range(2)] == ["hello\n", "hello\n"]
        finally:
            process.terminate()
