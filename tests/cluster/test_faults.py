"""Each part is killed without warning; the cluster goes on with the same state."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import Cluster, eventually, http_get, pod
from support.parts import kill, pid_of


@pytest.fixture
def web(cluster: Cluster) -> Iterator[str]:
    """A running pod with a web server; its name."""
    cluster.apply(pod("web", "sh", "-c", "mkdir /www; hostname >/www/index.html; exec httpd -f -h /www"))
    cluster.wait("pod/web", "condition=Ready")
    yield "web"
    cluster.kubectl("delete", "pod", "web", "--timeout=60s")


@pytest.mark.parametrize("part", ["server", "agent", "containerd"])
def test_pods_outlive_the_end_of_a_part(cluster: Cluster, web: str, part: str) -> None:
    before = cluster.get("pod", web)
    address = before["status"]["podIP"]
    kill(cluster, part)
    assert http_get(address) == "web\n"

    eventually(lambda: cluster.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok")
    cluster.apply(pod("later"))
    cluster.wait("pod/later", "condition=Ready")
    cluster.kubectl("delete", "pod", "later", "--timeout=60s")

    after = cluster.get("pod", web)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    (one,), (other,) = before["status"]["containerStatuses"], after["status"]["containerStatuses"]
    assert (other["containerID"], other["restartCount"]) == (one["containerID"], 0)
    assert http_get(address) == "web\n"


def test_the_supervisors_end_stops_nothing_and_the_next_adopts(cluster: Cluster, web: str) -> None:
    parts = ("server", "agent", "containerd")
    before = [pid_of(cluster, part) for part in parts]
    os.kill(pid_of(cluster, "supervisor"), signal.SIGKILL)
    assert http_get(cluster.pod_address(web)) == "web\n"
    cluster.proa("up")
    assert [pid_of(cluster, part) for part in parts] == before


def test_state_outlives_down_and_up(cluster: Cluster) -> None:
    cluster.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    revision = int(cluster.get("configmap", "kept")["metadata"]["resourceVersion"])
    cluster.proa("down")
    cluster.proa("up")
    kept = cluster.get("configmap", "kept")
    assert (kept["data"], int(kept["metadata"]["resourceVersion"])) == ({"a": "b"}, revision)
    cluster.kubectl("delete", "configmap", "kept")


def test_a_damaged_database_is_refused_and_left_as_it_is(cluster: Cluster) -> None:
    database = cluster.data / "server" / "db" / "state.db"
    cluster.proa("down")
    for path in database.parent.iterdir():
        if path != database:
            path.unlink()
    whole = database.read_bytes()
    damaged = b"this is no database" + whole[19:]
    database.write_bytes(damaged)
    try:
        result = cluster.proa("up", check=False)
        assert result.returncode == 1
        assert str(database) in result.stderr
        assert result.stderr.count("\n") == 1
        assert database.read_bytes() == damaged
        assert not Path(cluster.run).exists()
    finally:
        database.write_bytes(whole)
    cluster.proa("up")
    assert cluster.get("namespace", "default")["status"]["phase"] == "Active"
