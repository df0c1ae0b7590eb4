"""Small Kubernetes objects for tests of the scheduler and the controllers."""

from __future__ import annotations

from typing import Any

from proa.kube import Object

READY = [{"type": "Ready", "status": "True"}]


def node(name: str = "n1", *, cpu: str = "4", memory: str = "8Gi", pods: str = "110", **more: Any) -> Object:
    spec = {k: more.pop(k) for k in ("taints", "unschedulable") if k in more}
    extended = more.pop("extended", {})
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"node-{name}",
            "labels": {"kubernetes.io/hostname": name} | more.pop("labels", {}),
        },
        "spec": spec,
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "pods": pods, "ephemeral-storage": "10Gi"}
            | extended,
            "conditions": more.pop("conditions", READY),
        },
    }


def pod(
    name: str = "p", *, cpu: str = "", memory: str = "", namespace: str = "default", **spec: Any
) -> Object:
    requests = {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}
    labels = spec.pop("labels", {})
    owner = spec.pop("owner", None)
    container: Object = {"name": "c", "image": "busybox", "resources": {"requests": requests}}
    container["ports"] = spec.pop("ports", [])
    metadata: Object = {
        "name": name,
        "namespace": namespace,
        "uid": f"pod-{namespace}-{name}",
        "labels": labels,
    }
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container]} | spec,
        "status": {"phase": "Pending"},
    }


def with_claims(*names: str) -> dict[str, Any]:
    return {"volumes": [{"name": n, "persistentVolumeClaim": {"claimName": n}} for n in names]}


def storage_class(name: str = "local-path", *, mode: str = "WaitForFirstConsumer", **more: Any) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "uid": f"sc-{name}", "annotations": more.pop("annotations", {})},
        "provisioner": "rancher.io/local-path",
        "volumeBindingMode": mode,
        "reclaimPolicy": "Delete",
    } | more


def claim(name: str = "data", *, namespace: str = "default", size: str = "1Gi", **more: Any) -> Object:
    annotations = more.pop("annotations", {})
    phase = more.pop("phase", "Pending")
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"pvc-{name}",
            "resourceVersion": "1",
            "annotations": annotations,
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "local-path",
            "resources": {"requests": {"storage": size}},
        }
        | more,
        "status": {"phase": phase},
    }


def volume(name: str = "pv", *, size: str = "1Gi", node_name: str = "", **more: Any) -> Object:
    phase = more.pop("phase", "Available")
    metadata = {"name": name, "uid": f"pv-{name}", "resourceVersion": "1"} | more.pop("metadata", {})
    spec: Object = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "local-path",
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/data"},
    } | more
    if node_name:
        expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node_name]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": phase},
    }
