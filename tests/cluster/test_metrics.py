"""A look at what is used, and workloads that follow it: kubectl top and kubectl autoscale."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.cluster import Cluster, eventually

_BURN = "while [ ! -e /tmp/stop ]; do :; done; sleep 3600"
_RESOURCES = {"requests": {"cpu": "50m", "memory": "16Mi"}, "limits": {"cpu": "150m"}}


def busy(name: str) -> dict[str, Any]:
    """A Deployment whose pods keep a processor as busy as they may."""
    container = {
        "name": "burn",
        "image": "busybox:stable",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", _BURN],
        "resources": _RESOURCES,
    }
    labels = {"app": name}
    pod_spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec},
        },
    }


@pytest.fixture
def workload(cluster: Cluster) -> Any:
    cluster.apply(busy("busy"))
    cluster.wait("deployment/busy", "condition=Available")
    yield "busy"
    cluster.kubectl("delete", "deployment/busy", "--now", check=False)
    cluster.kubectl("delete", "hpa", "--all", check=False)


def test_top_and_autoscaling_follow_a_busy_pod(cluster: Cluster, workload: str) -> None:
    api = cluster.get("apiservice", "v1beta1.metrics.k8s.io")
    assert api["spec"]["service"] == {"name": "metrics-server", "namespace": "kube-system", "port": 443}
    services = cluster.kubectl("get", "svc", "-n", "kube-system").stdout
    assert "kube-dns" in services
    assert "metrics-server" in services

    def usage() -> int:
        lines = cluster.kubectl("top", "pods", "-l", "app=busy", "--no-headers", check=False).stdout.split()
        return int(lines[1].removesuffix("m")) if len(lines) > 1 else 0

    eventually(lambda: usage() > 100)
    top = cluster.kubectl("top", "pods", "-A", "--containers", "--sort-by=cpu").stdout
    assert top.split()[:5] == ["NAMESPACE", "POD", "NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert "burn" in top
    eventually(lambda: len(cluster.kubectl("top", "nodes", "--no-headers").stdout.split()) == 5)
    raw = json.loads(cluster.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes").stdout)
    assert raw["items"][0]["usage"]["cpu"]
    assert "WINDOW" in cluster.kubectl("get", "podmetrics").stdout

    cluster.kubectl("autoscale", "deployment", workload, "--min=1", "--max=3", "--cpu=50%")
    behavior = {"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}
    cluster.kubectl("patch", "hpa", workload, "--type=merge", "-p", json.dumps(behavior))
    replicas = ("get", "deployment", workload, "-o", "jsonpath={.spec.replicas}")
    eventually(lambda: cluster.kubectl(*replicas).stdout == "3")
    assert "cpu: " in cluster.kubectl("get", "hpa", workload).stdout
    told = cluster.kubectl("describe", "hpa", workload).stdout
    assert "SuccessfulRescale" in told
    assert "ScalingActive" in told
    cluster.wait(f"deployment/{workload}", "condition=Available")
    pods = cluster.kubectl("get", "pods", "-l", f"app={workload}", "-o", "name").stdout.split()
    for pod in pods:
        cluster.kubectl("exec", pod, "--", "touch", "/tmp/stop", check=False)
    eventually(lambda: cluster.kubectl(*replicas).stdout == "1", seconds=120)
