"""Each mistake gets a clear answer, and nothing is lost by it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import Cluster, eventually, pod


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    with cluster.namespace("mistakes") as name:
        yield name


def test_an_unknown_kind(cluster: Cluster) -> None:
    result = cluster.kubectl(
        "create",
        "-f",
        "-",
        text='{"apiVersion": "v1", "kind": "Pot", "metadata": {"name": "x"}}',
        check=False,
    )
    assert result.returncode == 1
    assert 'no matches for kind "Pot" in version "v1"' in result.stderr


def test_an_unknown_resource(cluster: Cluster) -> None:
    result = cluster.kubectl("get", "pots", check=False)
    assert 'the server doesn\'t have a resource type "pots"' in result.stderr


def test_malformed_yaml(cluster: Cluster) -> None:
    result = cluster.kubectl("create", "-f", "-", text="apiVersion: v1\nkind: [", check=False)
    assert result.returncode == 1
    assert "error parsing" in result.stderr or "error converting YAML" in result.stderr


def test_an_unknown_field(cluster: Cluster) -> None:
    wrong = pod("x")
    wrong["spec"]["contaners"] = []
    result = cluster.kubectl("create", "-f", "-", text=json.dumps(wrong), check=False)
    assert result.returncode == 1
    assert 'unknown field "spec.contaners"' in result.stderr


def test_a_field_that_is_missing(cluster: Cluster) -> None:
    nameless = pod("x")
    del nameless["spec"]["containers"][0]["name"]
    result = cluster.kubectl("create", "-f", "-", text=json.dumps(nameless), check=False)
    assert result.returncode == 1
    assert "spec.containers[0].name: Required value" in result.stderr


def test_a_namespace_that_does_not_exist(cluster: Cluster) -> None:
    result = cluster.kubectl("create", "-f", "-", text=json.dumps(pod("x", namespace="nowhere")), check=False)
    assert 'namespaces "nowhere" not found' in result.stderr


def test_an_image_that_does_not_exist(cluster: Cluster, namespace: str) -> None:
    cluster.apply(pod("puller", namespace=namespace, image="127.0.0.1:1/none/such:1"))

    def backs_off() -> bool:
        (status,) = cluster.get("pod", "puller", "-n", namespace)["status"]["containerStatuses"]
        return bool(status["state"]["waiting"]["reason"] == "ImagePullBackOff")

    eventually(backs_off)
    messages = [message for reason, message in cluster.events("puller", namespace) if reason == "Failed"]
    assert any("127.0.0.1:1/none/such:1" in message for message in messages)
    assert "Error: ErrImagePull" in messages
    assert "ImagePullBackOff" in cluster.kubectl("get", "pods", "-n", namespace).stdout


def test_a_pod_that_fits_nowhere(cluster: Cluster, namespace: str) -> None:
    cluster.apply(pod("giant", namespace=namespace, resources={"requests": {"cpu": "1000"}}))
    eventually(lambda: "FailedScheduling" in dict(cluster.events("giant", namespace)))
    assert "Insufficient cpu" in dict(cluster.events("giant", namespace))["FailedScheduling"]
    assert cluster.get("pod", "giant", "-n", namespace)["status"]["phase"] == "Pending"


def test_anonymous_is_refused_but_for_health(cluster: Cluster) -> None:
    curl = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}"]
    codes = [
        subprocess.run([*curl, f"{cluster.server}{path}"], check=True, capture_output=True, text=True).stdout
        for path in ("/api/v1/pods", "/livez", "/readyz")
    ]
    assert codes == ["401", "200", "200"]


def test_the_kubeconfig_is_private(cluster: Cluster) -> None:
    status = cluster.kubeconfig.stat()
    assert (status.st_mode & 0o777, status.st_uid) == (0o600, 0)


def test_a_port_that_is_taken(any_cluster: Cluster, tmp_path: Path) -> None:
    any_cluster.throw_away()  # that another cluster runs would be said first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = _proa_up(tmp_path, "--https-listen-port", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"proa: port {port} is taken by ")
    assert not (tmp_path / "data").exists()


def test_a_program_that_is_missing(tmp_path: Path) -> None:
    script = """
from proa.cli import run
from proa.machine import checks
checks.PROGRAMS["no-such-tool"] = "tool-package"
run()
"""
    command = [
        sys.executable,
        "-c",
        script,
        "up",
        "--data-dir",
        str(tmp_path / "data"),
        "--run-dir",
        str(tmp_path / "run"),
    ]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.stderr == "proa: no-such-tool is not installed: apt-get install tool-package\n"


def test_without_root(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "proa", "up"]
    if any(not folder.stat().st_mode & 0o001 for folder in Path(sys.executable).resolve().parents):
        pytest.skip("nobody may not enter the folder of this Python")
    result = subprocess.run(
        program,
        check=False,
        capture_output=True,
        text=True,
        user="nobody",
        group="nogroup",
        cwd="/",
        env={"PATH": os.environ["PATH"]},
    )
    assert result.stderr == "proa: this needs root: run it as root or with sudo\n"


def _proa_up(home: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    folders = [
        "--data-dir",
        str(home / "data"),
        "--run-dir",
        str(home / "run"),
        "--write-kubeconfig",
        str(home / "kubeconfig"),
    ]
    command = [sys.executable, "-m", "proa", "up", *folders, *flags]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_second_cluster_on_the_machine(cluster: Cluster, tmp_path: Path) -> None:
    other = ("--data-dir", str(tmp_path / "data"), "--run-dir", str(tmp_path / "run"))
    result = cluster.proa("up", *other, "--https-listen-port", "7443", check=False)
    assert result.returncode == 1
    assert f"another cluster runs on this machine, with --data-dir {cluster.data}" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_start_that_would_leave_a_node_out(cluster: Cluster) -> None:
    cluster.proa("down")
    try:
        result = cluster.proa("up", "--nodes", "2", check=False)
        assert result.returncode == 1
        assert "which this start would leave out" in result.stderr
    finally:
        cluster.proa("up")
