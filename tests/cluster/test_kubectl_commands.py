"""What people type, with each kubectl that is in use: each does its work against this cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from support.cluster import CACHE, VERSIONS, Cluster, Result, eventually

WEB: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": "busybox:stable", "command": ["sleep", "100000"]}],
            },
        },
    },
}


class Run(Protocol):
    """kubectl of one version in one namespace."""

    def __call__(self, *arguments: str, text: str | None = None, check: bool = True) -> Result: ...


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def space(cluster: Cluster, version: str) -> Iterator[str]:
    with cluster.namespace(f"typed-{version.replace('.', '-')}") as name:
        yield name


@pytest.fixture
def run(cluster: Cluster, version: str, space: str) -> Run:
    return partial(cluster.kubectl, "-n", space, version=version)


def value(run: Run, what: str, path: str) -> str:
    return run("get", what, "-o", f"jsonpath={{{path}}}").stdout


def test_making_what_has_a_command_of_its_own(run: Run, space: str) -> None:
    for words in (
        "configmap settings --from-literal=color=red",
        "secret generic word --from-literal=password=secret",
        "serviceaccount robot",
        "role reader --verb=get,list --resource=pods",
        "rolebinding readers --role=reader --serviceaccount=x:robot",
        "quota small --hard=pods=20",
        "job once --image=busybox:stable -- true",
        "cronjob often --image=busybox:stable --schedule=@daily -- true",
        "deployment idle --image=busybox:stable --replicas=0",
        "service clusterip idle --tcp=80:8080",
        "ingress door --rule=shop.example/*=idle:80",
        "poddisruptionbudget two --selector=app=idle --min-available=2",
    ):
        made = run("create", *words.split())
        assert "created" in made.stdout
    assert value(run, "configmap/settings", ".data.color") == "red"
    assert value(run, "secret/word", ".data.password") == "c2VjcmV0"
    assert value(run, "ingress/door", ".spec.rules[0].http.paths[0].backend.service.name") == "idle"
    assert run("create", "token", "robot").stdout.count(".") == 2
    allowed = run(
        "auth", "can-i", "delete", "pods", "--as", f"system:serviceaccount:{space}:robot", check=False
    )
    assert (allowed.returncode, allowed.stdout) == (1, "no\n")
    assert run("auth", "can-i", "list", "pods").stdout == "yes\n"
    assert "system:masters" in run("auth", "whoami").stdout


def test_applying_and_what_would_change(run: Run) -> None:
    assert "created" in run("apply", "-f", "-", text=json.dumps(WEB)).stdout
    assert "unchanged" in run("apply", "-f", "-", text=json.dumps(WEB)).stdout
    changed = {**WEB, "spec": {**WEB["spec"], "paused": True}}
    diff = run("diff", "-f", "-", text=json.dumps(changed), check=False)
    assert diff.returncode == 1
    assert "+  paused: true" in diff.stdout
    assert "configured" in run("apply", "-f", "-", text=json.dumps(changed)).stdout
    assert "serverside-applied" in run("apply", "--server-side", "-f", "-", text=json.dumps(WEB)).stdout
    other = json.loads(json.dumps(WEB))
    other["spec"]["replicas"] = 2
    refused = run(
        "apply", "--server-side", "--field-manager=other", "-f", "-", text=json.dumps(other), check=False
    )
    assert refused.returncode == 1
    assert ".spec.replicas" in refused.stderr
    run(
        "apply",
        "--server-side",
        "--field-manager=other",
        "--force-conflicts",
        "-f",
        "-",
        text=json.dumps(other),
    )
    assert value(run, "deployment/web", ".spec.replicas") == "2"
    assert "deleted" in run("delete", "deployment", "web").stdout


def test_changing_what_is_there(run: Run, cluster: Cluster, version: str, space: str, tmp_path: Path) -> None:
    run("create", "configmap", "settings", "--from-literal=color=red")
    run("label", "configmap/settings", "tier=front")
    run("annotate", "configmap/settings", "note=hello")
    run("patch", "configmap/settings", "-p", '{"data":{"size":"big"}}')
    run("patch", "configmap/settings", "--type=json", "-p", '[{"op":"remove","path":"/data/color"}]')
    run("patch", "configmap/settings", "--type=merge", "-p", '{"data":{"shape":"round"}}')
    stored = json.loads(run("get", "configmap/settings", "-o", "json").stdout)
    assert stored["data"] == {"size": "big", "shape": "round"}
    assert stored["metadata"]["labels"] == {"tier": "front"}
    stored["data"] = {"replaced": "yes"}
    assert "replaced" in run("replace", "-f", "-", text=json.dumps(stored)).stdout
    stale = run("replace", "-f", "-", text=json.dumps(stored), check=False)
    assert "the object has been modified" in stale.stderr
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/replaced/edited/ $1\n")
    editor.chmod(0o755)
    program = str(CACHE / f"kubectl-{version}" / "kubectl")
    subprocess.run(
        [program, "-n", space, "edit", "configmap/settings"],
        env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "EDITOR": str(editor)},
        check=True,
        capture_output=True,
    )
    assert value(run, "configmap/settings", ".data.edited") == "yes"
    run("label", "configmap/settings", "tier-")
    assert value(run, "configmap/settings", ".metadata.labels") == ""


def test_rolling_out_and_back(run: Run) -> None:
    run("create", "-f", "-", text=json.dumps(WEB))
    run("rollout", "status", "deployment/web", "--timeout=60s")
    run("scale", "deployment/web", "--replicas=2")
    run("rollout", "status", "deployment/web", "--timeout=60s")
    run("wait", "--for=condition=Available", "deployment/web", "--timeout=60s")
    run("set", "env", "deployment/web", "COLOR=blue")
    run("rollout", "status", "deployment/web", "--timeout=60s")
    assert "2" in run("rollout", "history", "deployment/web").stdout
    assert "rolled back" in run("rollout", "undo", "deployment/web").stdout
    run("rollout", "restart", "deployment/web")
    run("rollout", "status", "deployment/web", "--timeout=60s")
    assert value(run, "deployment/web", ".spec.template.spec.containers[0].env") == ""
    run("expose", "deployment/web", "--port=80", "--target-port=8080")
    assert "web" in run("get", "all").stdout
    assert "ScalingReplicaSet" in run("events", "--for", "deployment/web").stdout
    described = run("describe", "deployment", "web").stdout
    assert "2 desired | 2 updated | 2 total | 2 available" in described
    run("delete", "deployment", "web", "--cascade=foreground", "--timeout=60s")
    assert run("get", "pods", "-l", "app=web", "-o", "name").stdout == ""


def test_every_form_of_output(run: Run) -> None:
    run("create", "configmap", "settings", "--from-literal=color=red", "--from-literal=a=b")
    get = partial(run, "get", "configmap", "settings")
    assert get("-o", "name").stdout == "configmap/settings\n"
    assert "color: red" in get("-o", "yaml").stdout
    assert get("-o", "custom-columns=N:.metadata.name,C:.data.color").stdout.split() == [
        "N",
        "C",
        "settings",
        "red",
    ]
    assert get("-o", "go-template={{.data.color}}").stdout == "red"
    assert get("--show-labels").stdout.split()[-1] == "<none>"
    assert get("--no-headers", "--sort-by=.metadata.name").stdout.split()[:2] == ["settings", "2"]
    assert get("--show-managed-fields", "-o", "json").stdout.count("fieldsV1")
    assert run("get", "--raw", "/version").stdout.startswith("{")
    missing = run("get", "configmap", "nothing", check=False)
    assert missing.stderr == 'Error from server (NotFound): configmaps "nothing" not found\n'
    chosen = run("get", "configmaps", "--field-selector=metadata.name=settings", "-o", "name").stdout
    assert chosen == "configmap/settings\n"


def test_watching(cluster: Cluster, version: str, space: str, run: Run) -> None:
    program = str(CACHE / f"kubectl-{version}" / "kubectl")
    command = [program, "-n", space, "get", "configmaps", "-w", "-o", "name"]
    environment = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "configmap/kube-root-ca.crt\n"
        run("create", "configmap", "settings")
        assert watching.stdout.readline() == "configmap/settings\n"
        watching.terminate()


def test_what_there_is_and_what_it_means(run: Run) -> None:
    resources = run("api-resources", "--namespaced=true", "-o", "name").stdout.split()
    assert {"pods", "deployments.apps", "ingresses.networking.k8s.io"} <= set(resources)
    assert "apps/v1" in run("api-versions").stdout
    explained = run("explain", "deployment.spec.replicas").stdout
    assert "FIELD: replicas <integer>" in explained
    assert "is running at" in run("cluster-info").stdout


def test_a_kustomization(run: Run, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: red}\n"
    )
    (tmp_path / "kustomization.yaml").write_text("namePrefix: my-\nresources: [settings.yaml]\n")
    run("apply", "-k", str(tmp_path))
    assert value(run, "configmap/my-settings", ".data.color") == "red"
    run("delete", "-k", str(tmp_path))


def test_deleting_many_at_once(run: Run) -> None:
    for name in "abc":
        run("create", "configmap", name)
        run("label", f"configmap/{name}", "many=yes")
    run("delete", "configmaps", "-l", "many=yes")
    eventually(lambda: run("get", "configmaps", "-l", "many", "-o", "name").stdout == "")
