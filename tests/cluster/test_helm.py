"""helm 4: a chart with a definition of its own kind, hooks and a test, through its life."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import CACHE, NEWEST, Cluster, Result

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '1'\n",
    "values.yaml": "color: red\nreplicas: 1\n",
    "crds/widgets.yaml": """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.shop.example}
spec:
  group: shop.example
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, minimum: 1}}}
""",
    "templates/settings.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {color: {{ .Values.color }}}
""",
    "templates/widget.yaml": """
apiVersion: shop.example/v1
kind: Widget
metadata: {name: {{ .Release.Name }}}
spec: {size: 3}
""",
    "templates/web.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "busybox:stable", command: [sleep, "100000"]}]
""",
    "templates/before.yaml": """
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-before
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:stable", command: ["true"]}]}
""",
    "templates/tests/check.yaml": """
apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}-check, annotations: {helm.sh/hook: test}}
spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:stable", command: ["true"]}]}
""",
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name, text in CHART.items():
        file = tmp_path / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "shop"


@pytest.fixture
def space(cluster: Cluster) -> Iterator[str]:
    with cluster.namespace("charts") as name:
        yield name
    cluster.kubectl("delete", "crd", "widgets.shop.example", "--ignore-not-found", "--timeout=60s")


def helm(cluster: Cluster, space: str, *arguments: str) -> Result:
    result = subprocess.run(
        [str(CACHE / f"kubectl-{NEWEST}" / "helm"), "-n", space, *arguments],
        env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, (
        f"helm {' '.join(arguments)}: {result.stdout}{result.stderr}\n{cluster.logs()}"
    )
    return result


def test_the_life_of_a_release(cluster: Cluster, space: str, chart: Path) -> None:
    def color() -> str:
        settings: str = cluster.get("configmap", "shop-settings", "-n", space)["data"]["color"]
        return settings

    helm(cluster, space, "install", "shop", str(chart), "--wait", "--timeout=60s")
    assert color() == "red"
    assert cluster.get("widget", "shop", "-n", space)["spec"] == {"size": 3}
    assert cluster.get("jobs", "-n", space)["items"] == []
    helm(cluster, space, "test", "shop", "--timeout=60s")
    helm(cluster, space, "upgrade", "shop", str(chart), "--set", "color=blue", "--wait", "--timeout=60s")
    assert color() == "blue"
    helm(cluster, space, "rollback", "shop", "1", "--wait", "--timeout=60s")
    assert color() == "red"
    history = json.loads(helm(cluster, space, "history", "shop", "-o", "json").stdout)
    assert [entry["status"] for entry in history] == ["superseded", "superseded", "deployed"]
    helm(cluster, space, "uninstall", "shop", "--wait", "--timeout=60s")
    assert (
        cluster.get("deployments,configmaps", "-n", space, "-l", "app.kubernetes.io/managed-by=Helm")["items"]
        == []
    )
    assert json.loads(helm(cluster, space, "list", "-o", "json").stdout) == []
