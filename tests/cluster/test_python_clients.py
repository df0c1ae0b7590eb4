"""The Python clients that people write operators with: each creates, lists, watches, patches and deletes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import kr8s
import kubernetes
import lightkube
import pytest
from kr8s.objects import ConfigMap as Kr8sConfigMap
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap as LightConfigMap

from support.cluster import Cluster, eventually


@pytest.fixture
def space(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    with cluster.namespace("clients") as name:
        yield name


def data(cluster: Cluster, space: str, name: str) -> dict[str, str]:
    stored: dict[str, str] = cluster.get("configmap", name, "-n", space)["data"]
    return stored


def test_kubernetes(cluster: Cluster, space: str) -> None:
    with kubernetes.config.new_client_from_config(str(cluster.kubeconfig)) as connection:
        core = kubernetes.client.CoreV1Api(connection)
        body = {"metadata": {"name": "a"}, "data": {"color": "red"}}
        revision = core.list_namespaced_config_map(space).metadata.resource_version
        core.create_namespaced_config_map(space, body)
        core.patch_namespaced_config_map("a", space, {"data": {"size": "big"}})
        changes = kubernetes.watch.Watch().stream(
            core.list_namespaced_config_map, space, resource_version=revision, timeout_seconds=1
        )
        assert [(change["type"], change["object"].metadata.name) for change in changes] == [
            ("ADDED", "a"),
            ("MODIFIED", "a"),
        ]
        dynamic = kubernetes.dynamic.DynamicClient(connection)
        maps = dynamic.resources.get(api_version="v1", kind="ConfigMap")
        applied = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a"},
            "data": {"shape": "round"},
        }
        maps.server_side_apply(body=applied, namespace=space, field_manager="test")
        assert data(cluster, space, "a") == {"color": "red", "size": "big", "shape": "round"}
        core.delete_namespaced_config_map("a", space)
        with pytest.raises(kubernetes.client.ApiException, match="Not Found"):
            core.read_namespaced_config_map("a", space)


def test_lightkube(cluster: Cluster, space: str) -> None:
    with lightkube.Client(namespace=space, field_manager="test") as client:
        client.create(LightConfigMap(metadata=ObjectMeta(name="b"), data={"color": "red"}))
        wanted = LightConfigMap(
            apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name="b"), data={"color": "blue"}
        )
        client.apply(wanted, force=True)
        client.patch(LightConfigMap, "b", {"data": {"size": "big"}})
        assert data(cluster, space, "b") == {"color": "blue", "size": "big"}
        assert "b" in [found.metadata.name for found in client.list(LightConfigMap) if found.metadata]
        seen = (
            obj.metadata.name for _, obj in client.watch(LightConfigMap, server_timeout=5) if obj.metadata
        )
        assert "b" in {next(seen), next(seen)}
        client.delete(LightConfigMap, "b")


@pytest.mark.filterwarnings("ignore:Kubernetes version:UserWarning")  # it does not know this release yet
def test_kr8s(cluster: Cluster, space: str) -> None:
    api = kr8s.api(kubeconfig=str(cluster.kubeconfig), namespace=space)
    assert api.version()["gitVersion"].startswith("v1.37.")
    made = Kr8sConfigMap({"metadata": {"name": "c"}, "data": {"color": "red"}}, namespace=space, api=api)
    made.create()
    made.patch({"data": {"size": "big"}})
    made.label({"tier": "front"})
    assert data(cluster, space, "c") == {"color": "red", "size": "big"}
    assert [found.name for found in api.get("configmaps", namespace=space, label_selector="tier=front")] == [
        "c"
    ]
    assert next(iter(api.watch("configmaps", namespace=space, label_selector="tier=front")))[1].name == "c"
    made.delete()
    eventually(lambda: not made.exists())


def test_kopf(cluster: Cluster, space: str, tmp_path: Path) -> None:
    operator = tmp_path / "operator.py"
    operator.write_text(
        textwrap.dedent("""
            import kopf

            @kopf.on.create("configmaps", labels={"kept": "yes"})
            def made(patch, **_):
                patch.metadata.annotations["seen"] = "made"

            @kopf.on.update("configmaps", labels={"kept": "yes"}, field="data")
            def changed(patch, **_):
                patch.metadata.annotations["seen"] = "changed"

            @kopf.on.delete("configmaps", labels={"kept": "yes"})
            def gone(**_):
                pass
        """)
    )

    def seen() -> str:
        annotations: dict[str, str] = cluster.get("configmap", "d", "-n", space)["metadata"].get(
            "annotations", {}
        )
        return annotations.get("seen", "")

    command = [sys.executable, "-m", "kopf", "run", "-n", space, str(operator)]
    environment = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        try:
            cluster.kubectl("create", "configmap", "d", "-n", space)
            cluster.kubectl("label", "configmap", "d", "-n", space, "kept=yes")
            eventually(lambda: seen() == "made", 20)
            cluster.kubectl("patch", "configmap", "d", "-n", space, "-p", '{"data":{"a":"b"}}')
            eventually(lambda: seen() == "changed", 20)
            cluster.kubectl("delete", "configmap", "d", "-n", space, "--timeout=30s")
        finally:
            running.terminate()
        _, complaint = running.communicate(timeout=20)
        assert running.returncode == 0, complaint
