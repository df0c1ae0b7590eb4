"""Manifests as people have had them for years, sent to today's server."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.versions import crd_v1beta1, endpoint_slice_v1beta1, ingress_v1beta1
from support.server import eventually

INGRESS = """
apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: shop
  annotations: {kubernetes.io/ingress.class: nginx}
spec:
  backend: {serviceName: default-http-backend, servicePort: http}
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /api
        backend: {serviceName: api, servicePort: 8080}
      - backend: {serviceName: web, servicePort: http}
"""
DEPLOYMENT = """
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: nginx-deployment}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
        ports: [{containerPort: 80}]
"""
DAEMON_SET = DEPLOYMENT.replace("kind: Deployment", "kind: DaemonSet").replace("  replicas: 3\n", "")
STATEFUL_SET = (
    DEPLOYMENT.replace("extensions/v1beta1", "apps/v1beta1")
    .replace("kind: Deployment", "kind: StatefulSet")
    .replace("  replicas: 3\n", "  serviceName: nginx\n  replicas: 3\n")
)
CRON_JOB = """
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: hello}
spec:
  schedule: "*/1 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: hello, image: busybox, args: [/bin/sh, -c, date]}]
          restartPolicy: OnFailure
"""
BUDGET = """
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: zk-pdb}
spec: {minAvailable: 2, selector: {matchLabels: {app: zookeeper}}}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  version: v1
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct]}
  additionalPrinterColumns: [{name: Spec, type: string, JSONPath: .spec.cronSpec}]
  subresources: {status: {}}
  validation:
    openAPIV3Schema:
      properties: {spec: {type: object, properties: {cronSpec: {type: string}}}}
"""
WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1beta1
kind: ValidatingWebhookConfiguration
metadata: {name: old-hook}
webhooks:
- name: hook.example.com
  clientConfig: {service: {namespace: default, name: hook, path: /v}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [nopes]}]
"""
ROLE_BINDING = """
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: ClusterRoleBinding
metadata: {name: read-nodes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
"""
NETWORK_POLICY = """
apiVersion: extensions/v1beta1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}}
"""
STORAGE_CLASS = """
apiVersion: storage.k8s.io/v1beta1
kind: StorageClass
metadata: {name: slow}
provisioner: kubernetes.io/gce-pd
"""
PRIORITY_CLASS = """
apiVersion: scheduling.k8s.io/v1beta1
kind: PriorityClass
metadata: {name: high}
value: 1000
"""
MANIFESTS = {
    "Ingress": (INGRESS, "networking.k8s.io/v1"),
    "Ingress of networking": (INGRESS.replace("extensions/", "networking.k8s.io/"), "networking.k8s.io/v1"),
    "Deployment": (DEPLOYMENT, "apps/v1"),
    "Deployment of apps": (DEPLOYMENT.replace("extensions/v1beta1", "apps/v1beta2"), "apps/v1"),
    "DaemonSet": (DAEMON_SET, "apps/v1"),
    "StatefulSet": (STATEFUL_SET, "apps/v1"),
    "CronJob": (CRON_JOB, "batch/v1"),
    "PodDisruptionBudget": (BUDGET, "policy/v1"),
    "CustomResourceDefinition": (DEFINITION, "apiextensions.k8s.io/v1"),
    "webhook": (WEBHOOK, "admissionregistration.k8s.io/v1"),
    "ClusterRoleBinding": (ROLE_BINDING, "rbac.authorization.k8s.io/v1"),
    "NetworkPolicy": (NETWORK_POLICY, "networking.k8s.io/v1"),
    "StorageClass": (STORAGE_CLASS, "storage.k8s.io/v1"),
    "PriorityClass": (PRIORITY_CLASS, "scheduling.k8s.io/v1"),
}


def path_of(api_version: str, kind: str) -> str:
    found = KINDS.by_kind(api_version, kind)
    assert found is not None
    return found.resource.path("default" if found.resource.namespaced else "")


@pytest.mark.parametrize("name", MANIFESTS)
async def test_an_old_manifest_makes_an_object_of_today(http: Any, name: str) -> None:
    manifest, today = MANIFESTS[name]
    obj = yaml.safe_load(manifest)
    old_path, path = path_of(obj["apiVersion"], obj["kind"]), path_of(today, obj["kind"])

    made = await http("POST", f"{old_path}?fieldValidation=Strict", obj)

    assert made.status == 201, made.body
    assert made.body["apiVersion"] == obj["apiVersion"]
    warning = made.headers["Warning"]
    assert obj["apiVersion"] in warning
    assert f"use {today} {obj['kind']}" in warning
    new = await http("GET", f"{path}/{obj['metadata']['name']}")
    assert new.body["apiVersion"] == today
    assert "Warning" not in new.headers

    async def accepted_as_it_is() -> bool:
        """A controller may write a definition's status in between."""
        shown = await http("GET", f"{path}/{obj['metadata']['name']}")
        return bool((await http("PUT", f"{path}/{obj['metadata']['name']}", shown.body)).status == 200)

    await eventually(accepted_as_it_is)


async def test_an_old_manifest_can_be_changed_by_its_old_name(http: Any) -> None:
    path = path_of("extensions/v1beta1", "Ingress")
    await http("POST", path, yaml.safe_load(INGRESS))
    change = {"spec": {"backend": {"serviceName": "other", "servicePort": 81}}}

    patched = await http("PATCH", f"{path}/shop", change, kind="application/merge-patch+json")

    assert patched.body["spec"]["backend"] == {"serviceName": "other", "servicePort": 81}
    today = await http("GET", f"{path_of('networking.k8s.io/v1', 'Ingress')}/shop")
    assert today.body["spec"]["defaultBackend"] == {"service": {"name": "other", "port": {"number": 81}}}
    assert (await http("DELETE", f"{path}/shop")).status == 200
    assert (await http("GET", path)).body["items"] == []


async def test_what_is_wrong_in_an_old_manifest_is_said(http: Any) -> None:
    obj = yaml.safe_load(DEPLOYMENT)
    obj["spec"]["replicas"] = -1
    answer = await http("POST", path_of("extensions/v1beta1", "Deployment"), obj)
    assert answer.status == 422
    assert "spec.replicas" in answer.body["message"]


@pytest.mark.parametrize(
    ("conversion", "manifest"),
    [(ingress_v1beta1.conversion("extensions/v1beta1"), INGRESS), (crd_v1beta1.CONVERSION, DEFINITION)],
)
def test_there_and_back_is_the_same(conversion: Any, manifest: str) -> None:
    stored = conversion.store(yaml.safe_load(manifest))
    before = json.dumps(stored, sort_keys=True)
    assert json.dumps(conversion.store(conversion.show(stored)), sort_keys=True) == before


def test_topology_becomes_fields() -> None:
    topology = {"kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "z", "other": "x"}
    old = {"kind": "EndpointSlice", "endpoints": [{"addresses": ["192.0.2.1"], "topology": topology}]}
    (endpoint,) = endpoint_slice_v1beta1.store(old)["endpoints"]
    assert (endpoint["nodeName"], endpoint["zone"]) == ("n1", "z")
    assert endpoint["deprecatedTopology"] == {"other": "x"}
    assert endpoint_slice_v1beta1.show({"endpoints": [endpoint]})["endpoints"][0]["topology"] == topology


def test_old_versions_come_after_those_of_today() -> None:
    versions = KINDS.group_versions
    for group in ("apps", "batch", "policy", "networking.k8s.io", "rbac.authorization.k8s.io"):
        assert versions[group][0] == "v1"
    assert list(versions)[-1] == "extensions"
    assert not [kind for kind in KINDS if kind.resource.group == "extensions" and kind.short_names]
