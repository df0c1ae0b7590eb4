"""A Deployment is rolled while people use it: nobody is turned away."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from support.cluster import Cluster, eventually, pod

SERVE = "mkdir /www; echo hello >/www/index.html; exec httpd -f -p 8080 -h /www"


@pytest.fixture
def web(cluster: Cluster) -> Iterator[str]:
    """Where three web servers answer, each with a readiness probe and a preStop of 1 s."""
    container = pod("x", "sh", "-c", SERVE)["spec"]["containers"][0] | {
        "readinessProbe": {"httpGet": {"port": 8080}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}},
    }
    template = {
        "metadata": {"labels": {"app": "rolled"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
    }
    selector = {"app": "rolled"}
    spec = {"replicas": 3, "selector": {"matchLabels": selector}, "template": template}
    ports = [{"port": 80, "targetPort": 8080}]
    cluster.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "rolled"}, "spec": spec},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "rolled"},
            "spec": {"selector": selector, "ports": ports},
        },
    )
    try:
        cluster.kubectl("rollout", "status", "deployment/rolled", "--timeout=60s")
        yield str(cluster.get("service", "rolled")["spec"]["clusterIP"])
    finally:
        cluster.kubectl("delete", "deployment,service", "rolled", "--timeout=60s")
        eventually(lambda: not cluster.get("pods", "-l", "app=rolled")["items"])


def test_a_rolling_update_fails_no_request(cluster: Cluster, web: str) -> None:
    assert shutil.which("wrk"), "wrk is not installed: scripts/bootstrap --dev"
    # A connection for each request: one that is kept would stay with a pod until that ends.
    command = ["wrk", "-t1", "-c4", "-d15s", "-H", "Connection: close", f"http://{web}/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        cluster.kubectl("rollout", "restart", "deployment/rolled")
        cluster.kubectl("rollout", "status", "deployment/rolled", "--timeout=60s")
        assert load.poll() is None, "the rollout took longer than the load"
        told, _ = load.communicate(timeout=60)
    requests = int((re.search(r"(\d+) requests in", told) or [0, 0])[1])
    assert requests > 1000
    assert "Socket errors" not in told
    assert "Non-2xx" not in told
