"""What may change after an object was made, and what may not."""

from typing import Any

import pytest

from proa.cluster.apiserver.kinds import KINDS

Object = dict[str, Any]
CONTAINER = {"name": "c", "image": "i"}


def errors(api_version: str, kind: str, old: Object, new: Object) -> list[str]:
    found = KINDS.by_kind(api_version, kind)
    assert found is not None
    return [str(error).partition(": ")[0] for error in found.validate(new, old)]


def pod(**spec: Any) -> Object:
    return {"metadata": {"name": "p"}, "spec": {"containers": [CONTAINER], **spec}}


GATED = {"schedulingGates": [{"name": "g"}]}

POD_CHANGES: dict[str, tuple[Object, Object, list[str]]] = {
    "nothing": (pod(), pod(), []),
    "an image": (pod(), pod(containers=[{**CONTAINER, "image": "j"}]), []),
    "a node, once": (pod(), pod(nodeName="n"), []),
    "a node, twice": (pod(nodeName="n"), pod(nodeName="m"), ["spec"]),
    "a command": (pod(), pod(containers=[{**CONTAINER, "command": ["x"]}]), ["spec"]),
    "a container more": (
        pod(),
        pod(containers=[CONTAINER, {**CONTAINER, "name": "d"}]),
        ["spec.containers", "spec"],
    ),
    "a toleration more": (pod(), pod(tolerations=[{"operator": "Exists"}]), []),
    "a toleration less": (pod(tolerations=[{"operator": "Exists"}]), pod(), ["spec.tolerations"]),
    "a deadline": (pod(), pod(activeDeadlineSeconds=5), []),
    "a longer deadline": (
        pod(activeDeadlineSeconds=5),
        pod(activeDeadlineSeconds=6),
        ["spec.activeDeadlineSeconds"],
    ),
    "no deadline any more": (pod(activeDeadlineSeconds=5), pod(), ["spec.activeDeadlineSeconds"]),
    "a gate less": (pod(**GATED), pod(), []),
    "a gate more": (pod(), pod(**GATED), ["spec.schedulingGates[0].name"]),
    "a node selector while gated": (pod(**GATED), pod(**GATED, nodeSelector={"a": "b"}), []),
    "a node selector": (pod(), pod(nodeSelector={"a": "b"}), ["spec"]),
}


@pytest.mark.parametrize(("old", "new", "fields"), POD_CHANGES.values(), ids=POD_CHANGES.keys())
def test_pods(old: Object, new: Object, fields: list[str]) -> None:
    assert errors("v1", "Pod", old, new) == fields


def claim(size: str = "1Gi", phase: str = "Pending", capacity: str = "", **spec: Any) -> Object:
    status = {"phase": phase} | ({"capacity": {"storage": capacity}} if capacity else {})
    base = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": "c"}, "spec": base | spec, "status": status}


CLAIM_CHANGES: dict[str, tuple[Object, Object, list[str]]] = {
    "a volume, once": (claim(), claim(volumeName="v"), []),
    "a volume, twice": (claim(volumeName="v"), claim(volumeName="w"), ["spec"]),
    "a class, once": (claim(), claim(storageClassName="s"), []),
    "a class, twice": (claim(storageClassName="s"), claim(storageClassName="t"), ["spec"]),
    "access modes": (claim(), claim(accessModes=["ReadWriteMany"]), ["spec"]),
    "size before it is bound": (claim(), claim("2Gi"), ["spec"]),
    "size when it is bound": (claim(phase="Bound", capacity="1Gi"), claim("2Gi", phase="Bound"), []),
    "less than it has": (
        claim("2Gi", phase="Bound", capacity="2Gi"),
        claim("1Gi"),
        ["spec.resources.requests.storage"],
    ),
    "back to more than it has": (claim("3Gi", phase="Bound", capacity="1Gi"), claim("2Gi"), []),
}


@pytest.mark.parametrize(("old", "new", "fields"), CLAIM_CHANGES.values(), ids=CLAIM_CHANGES.keys())
def test_claims(old: Object, new: Object, fields: list[str]) -> None:
    assert errors("v1", "PersistentVolumeClaim", old, new) == fields


def volume(**spec: Any) -> Object:
    base = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}
    return {"metadata": {"name": "v"}, "spec": base | spec}


def storage_class(**fields: Any) -> Object:
    return {"metadata": {"name": "s"}, "provisioner": "a.b/c", **fields}


def deployment(label: str) -> Object:
    template = {"metadata": {"labels": {"app": label}}, "spec": {"containers": [CONTAINER]}}
    return {
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"app": label}}, "template": template},
    }


def service(address: str) -> Object:
    spec = {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80}]}
    return {"metadata": {"name": "s"}, "spec": spec}


def binding(role: str) -> Object:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    return {"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": reference}


FROZEN = {"metadata": {"name": "c"}, "immutable": True, "data": {"a": "b"}}

OTHERS: dict[str, tuple[str, str, Object, Object, list[str]]] = {
    "source of a volume": (
        "v1",
        "PersistentVolume",
        volume(),
        volume(hostPath={"path": "/y"}),
        ["spec.persistentvolumesource"],
    ),
    "claim of a volume": ("v1", "PersistentVolume", volume(), volume(claimRef={"name": "c"}), []),
    "parameters of a class": (
        "storage.k8s.io/v1",
        "StorageClass",
        storage_class(),
        storage_class(parameters={"a": "b"}),
        ["parameters"],
    ),
    "expansion of a class": (
        "storage.k8s.io/v1",
        "StorageClass",
        storage_class(),
        storage_class(allowVolumeExpansion=True),
        [],
    ),
    "binding mode of a class": (
        "storage.k8s.io/v1",
        "StorageClass",
        storage_class(),
        storage_class(volumeBindingMode="Immediate"),
        ["volumeBindingMode"],
    ),
    "selector of a deployment": (
        "apps/v1",
        "Deployment",
        deployment("a"),
        deployment("b"),
        ["spec.selector"],
    ),
    "address of a service": (
        "v1",
        "Service",
        service("10.43.0.5"),
        service("10.43.0.6"),
        ["spec.clusterIPs[0]"],
    ),
    "role of a binding": (
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        binding("a"),
        binding("b"),
        ["roleRef"],
    ),
    "type of a secret": ("v1", "Secret", {"type": "Opaque"}, {"type": "x"}, ["type"]),
    "data of what is immutable": ("v1", "ConfigMap", FROZEN, {**FROZEN, "data": {}}, ["data"]),
    "the word that says so": ("v1", "ConfigMap", FROZEN, {**FROZEN, "immutable": False}, ["immutable"]),
    "value of a priority": ("scheduling.k8s.io/v1", "PriorityClass", {"value": 1}, {"value": 2}, ["value"]),
}


@pytest.mark.parametrize(("version", "kind", "old", "new", "fields"), OTHERS.values(), ids=OTHERS.keys())
def test_others(version: str, kind: str, old: Object, new: Object, fields: list[str]) -> None:
    assert errors(version, kind, old, new) == fields
