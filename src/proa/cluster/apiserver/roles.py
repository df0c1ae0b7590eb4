"""The roles and bindings that every cluster has: Kubernetes' own, and those of proa's agents.

Kubernetes' stand in data/roles.jsonl, recorded from a kube-apiserver 1.37.2 by scripts/record-roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from proa.cluster.apiserver.authorizer import Rule
from proa.cluster.apiserver.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, GROUP, ROLE_BINDINGS, ROLES
from proa.kube.resources import Object, Resource

READ = ("get", "list", "watch")
AGENTS = "proa:agents"
"""The group of the node agents' second identity: what beside the kubelet runs on every node."""
_KINDS = {
    resource.kind: resource for resource in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS)
}
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate"


def rule(groups: str, resources: str, verbs: Sequence[str]) -> Object:
    """A rule; groups and resources are separated by spaces, the core group is `core`."""
    names = ["" if group == "core" else group for group in groups.split()]
    return {"apiGroups": names, "resources": resources.split(), "verbs": list(verbs)}


def _agent() -> list[Object]:
    """The pod network, Services, DNS and the storage provisioner of a node."""
    return [
        rule("core", "nodes pods services endpoints namespaces", READ),
        {**rule("core", "configmaps", READ), "resourceNames": ["local-path-config"]},
        rule("core", "persistentvolumes", [*READ, "create", "delete", "patch", "update"]),
        rule("core", "persistentvolumeclaims persistentvolumeclaims/status", [*READ, "patch", "update"]),
        rule("core", "nodes nodes/status", ["patch"]),
        rule("core events.k8s.io", "events", ["create", "patch", "update"]),
        rule("discovery.k8s.io", "endpointslices", READ),
        rule("networking.k8s.io", "networkpolicies", READ),
        rule("storage.k8s.io", "storageclasses", READ),
    ]


_OWN_ROLES = {"proa:agent": _agent}
_OWN_BINDINGS = {
    "proa:agent": ("proa:agent", AGENTS),
    # What kubeadm sets up for nodes that join by a bootstrap token, and for their certificates.
    "proa:kubelet-bootstrap": ("system:node-bootstrapper", "system:bootstrappers"),
    "proa:node-autoapprove-bootstrap": (
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        "system:bootstrappers",
    ),
    "proa:node-autoapprove-certificate-rotation": (
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        "system:nodes",
    ),
}


def defaults() -> Iterator[tuple[Resource, Object]]:
    """The objects that a cluster begins with, each with its kind."""
    yield from map(_expanded, _recorded())
    for name, rules in _OWN_ROLES.items():
        yield CLUSTER_ROLES, {"metadata": _metadata(name), "rules": rules()}
    for name, (role, group) in _OWN_BINDINGS.items():
        reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}
        subjects = [{"kind": "Group", "apiGroup": GROUP, "name": group}]
        yield CLUSTER_ROLE_BINDINGS, {"metadata": _metadata(name), "roleRef": reference, "subjects": subjects}


def node_rules() -> tuple[Rule, ...]:
    """The rules of system:node, which the node authorizer goes by."""
    return tuple(next(obj["rules"] for obj in _recorded() if obj["name"] == "system:node"))


def _recorded() -> Iterator[dict[str, Any]]:
    text = files("proa.cluster.apiserver").joinpath("data/roles.jsonl").read_bytes()
    return map(msgspec.json.decode, text.splitlines())


def _expanded(compact: dict[str, Any]) -> tuple[Resource, Object]:
    metadata = _metadata(compact.pop("name"), compact.pop("labels", {}))
    if namespace := compact.pop("namespace", ""):
        metadata["namespace"] = namespace
    return _KINDS[compact.pop("kind")], {"metadata": metadata, **compact}


def _metadata(name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "labels": _LABELS | (labels or {}),
        "annotations": {AUTO_UPDATE: "true"},
    }
