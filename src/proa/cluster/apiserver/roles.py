"""The roles and bindings that every cluster has (source: Kubernetes RBAC, default roles)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proa.cluster.apiserver.identity import AUTHENTICATED, MASTERS, UNAUTHENTICATED
from proa.cluster.apiserver.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, GROUP
from proa.kube.resources import Object, Resource

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}


def rule(groups: str, resources: str, verbs: Sequence[str]) -> Object:
    """A rule; groups and resources are separated by spaces, the core group is `core`."""
    names = ["" if group == "core" else group for group in groups.split()]
    return {"apiGroups": names, "resources": resources.split(), "verbs": list(verbs)}


def paths(names: str, verbs: Sequence[str] = ("get",)) -> Object:
    """A rule for paths that are no resources."""
    return {"nonResourceURLs": names.split(), "verbs": list(verbs)}


_WORKLOADS = (
    "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale"
)
_CORE_OBJECTS = (
    "configmaps endpoints events persistentvolumeclaims pods replicationcontrollers "
    "replicationcontrollers/scale serviceaccounts services"
)


def _readable() -> list[Object]:
    return [
        rule(
            "core",
            f"{_CORE_OBJECTS} bindings limitranges namespaces pods/log pods/status resourcequotas",
            READ,
        ),
        rule("apps", f"{_WORKLOADS} controllerrevisions", READ),
        rule("batch", "cronjobs jobs", READ),
        rule("autoscaling", "horizontalpodautoscalers", READ),
        rule("policy", "poddisruptionbudgets", READ),
        rule("networking.k8s.io", "ingresses networkpolicies", READ),
        rule("discovery.k8s.io", "endpointslices", READ),
    ]


def _editable() -> list[Object]:
    return [
        *_readable(),
        rule("core", "secrets pods/attach pods/exec pods/portforward pods/proxy services/proxy", READ),
        rule("core", f"{_CORE_OBJECTS} secrets pods/attach pods/exec pods/portforward pods/proxy", WRITE),
        rule("core", "pods/eviction serviceaccounts/token", ["create"]),
        rule("core", "serviceaccounts", ["impersonate"]),
        rule("apps", _WORKLOADS, WRITE),
        rule("batch", "cronjobs jobs", WRITE),
        rule("autoscaling", "horizontalpodautoscalers", WRITE),
        rule("policy", "poddisruptionbudgets", WRITE),
        rule("networking.k8s.io", "ingresses networkpolicies", WRITE),
        rule("coordination.k8s.io", "leases", [*READ, *WRITE]),
    ]


def _node() -> list[Object]:
    """What a node's agent does: its kubelet, its network, its storage provisioner."""
    change = ("create", "delete", "get", "patch", "update")
    return [
        rule("core", "nodes nodes/status", [*change, "list", "watch"]),
        rule("core", "pods", [*READ, "create", "delete"]),
        rule("core", "pods/status", ["get", "patch", "update"]),
        rule("core", "pods/eviction serviceaccounts/token", ["create"]),
        rule("core", "configmaps secrets services endpoints namespaces serviceaccounts", READ),
        rule("core", "persistentvolumes", [*READ, *change]),
        rule("core", "persistentvolumeclaims persistentvolumeclaims/status", [*READ, "patch", "update"]),
        rule("core events.k8s.io", "events", ["create", "patch", "update"]),
        rule("coordination.k8s.io", "leases", [*READ, *change]),
        rule("discovery.k8s.io", "endpointslices", READ),
        rule("storage.k8s.io", "storageclasses csinodes csidrivers volumeattachments", READ),
        rule("node.k8s.io", "runtimeclasses", READ),
        rule("networking.k8s.io", "networkpolicies", READ),
        rule("authentication.k8s.io", "tokenreviews", ["create"]),
        rule("authorization.k8s.io", "subjectaccessreviews localsubjectaccessreviews", ["create"]),
    ]


_DISCOVERY = "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"


def _roles() -> Iterator[tuple[str, list[Object]]]:
    yield "cluster-admin", [rule("*", "*", ["*"]), paths("*", ["*"])]
    yield (
        "admin",
        [
            *_editable(),
            rule(GROUP, "rolebindings roles", [*READ, *WRITE]),
            rule("authorization.k8s.io", "localsubjectaccessreviews", ["create"]),
        ],
    )
    yield "edit", _editable()
    yield "view", _readable()
    yield (
        "system:basic-user",
        [
            rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", ["create"]),
            rule("authentication.k8s.io", "selfsubjectreviews", ["create"]),
        ],
    )
    yield "system:discovery", [paths(_DISCOVERY)]
    yield "system:public-info-viewer", [paths("/healthz /livez /readyz /version /version/")]
    yield "system:node", _node()


_BINDINGS = {
    "cluster-admin": [MASTERS],
    "system:basic-user": [AUTHENTICATED],
    "system:discovery": [AUTHENTICATED],
    "system:public-info-viewer": [AUTHENTICATED, UNAUTHENTICATED],
    "system:node": ["system:nodes"],
}


def defaults() -> Iterator[tuple[Resource, Object]]:
    """The objects to make where they are missing."""
    for name, rules in _roles():
        yield CLUSTER_ROLES, {"metadata": {"name": name, "labels": dict(_LABELS)}, "rules": rules}
    for name, groups in _BINDINGS.items():
        subjects = [{"kind": "Group", "apiGroup": GROUP, "name": group} for group in groups]
        reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
        metadata = {"name": name, "labels": dict(_LABELS)}
        yield CLUSTER_ROLE_BINDINGS, {"metadata": metadata, "roleRef": reference, "subjects": subjects}
