"""NodeRestriction: a node changes only itself and its own pods (source: Kubernetes admission controllers)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cryptography import x509

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.certificates.requests import common_name, load_request
from proa.cluster.apiserver.nodes import pod_certificates
from proa.cluster.apiserver.nodes.identity import NODES_GROUP, node_of
from proa.cluster.apiserver.nodes.references import MIRROR, references
from proa.cluster.apiserver.nodes.refusal import refuse
from proa.cluster.apiserver.view import View
from proa.errors import NotFound
from proa.kube.resources import NODES, PODS, Object

_KUBELET_LABELS = frozenset({
    "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type",
    "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.kubernetes.io/region", "failure-domain.kubernetes.io/zone",
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
})  # fmt: skip
_KUBELET_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_RESTRICTED = "node-restriction.kubernetes.io"
_NODE_SIGNERS = ("kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving")
Check = Callable[[str, Request, View], None]


def admit(request: Request, view: View) -> None:
    """Raises Forbidden, and NotFound for a pod that is not there."""
    if NODES_GROUP not in request.user.groups:
        return
    check = _CHECKS.get(request.target.qualified)
    if check is None:
        return
    node = node_of(request.user)
    if node is None:
        refuse(request, f'could not determine node from user "{request.user.name}"')
    check(node, request, view)


def _pod(node: str, request: Request, view: View) -> None:
    match request.target.subresource:
        case "":
            _whole_pod(node, request, view)
        case "status":
            _pod_status(node, request)
        case "eviction":
            if _node_of_pod(request.target.name, request, view) != node:
                refuse(request, f"node {node} can only evict pods with spec.nodeName set to itself")
        case other:
            refuse(
                request, f"unexpected pod subresource \"{other}\", only 'status' and 'eviction' are allowed"
            )


def _node_of_pod(name: str, request: Request, view: View) -> str:
    pod = view.get(PODS, name, request.target.namespace)
    if pod is None:
        raise NotFound(f'pods "{name}" not found', {"name": name, "kind": "pods"})
    return str((pod.get("spec") or {}).get("nodeName") or "")


def _whole_pod(node: str, request: Request, view: View) -> None:
    if request.operation == "CREATE":
        _mirror(node, request, view)
    elif request.operation == "DELETE":
        if ((request.old or {}).get("spec") or {}).get("nodeName") != node:
            refuse(request, f'node "{node}" can only delete pods with spec.nodeName set to itself')
    else:
        why = f'node "{node}" can only create and delete mirror pods'
        refuse(request, f"unexpected operation {request.operation}, {why}")


def _mirror(node: str, request: Request, view: View) -> None:
    pod = request.obj
    if MIRROR not in (pod["metadata"].get("annotations") or {}):
        refuse(request, f'pod does not have "{MIRROR}" annotation, node "{node}" can only create mirror pods')
    if (pod.get("spec") or {}).get("nodeName") != node:
        refuse(request, f'node "{node}" can only create pods with spec.nodeName set to itself')
    _mirror_owner(node, request, view)
    plain = {**pod, "metadata": {**pod["metadata"], "annotations": {}}}
    for plural, _ in sorted(references(plain)):
        if plural in ("serviceaccounts", "secrets"):
            what = "service accounts" if plural == "serviceaccounts" else "secrets"
            refuse(request, f"a mirror pod may not reference {what}")
        refuse(request, f'node "{node}" can not create pods that reference {plural}')


def _mirror_owner(node: str, request: Request, view: View) -> None:
    owners = request.obj["metadata"].get("ownerReferences") or []
    if len(owners) > 1:
        refuse(request, f'node "{node}" can only create pods with a single owner reference set to itself')
    owner = owners[0] if owners else {}
    if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
        refuse(request, f'node "{node}" can only create pods with an owner reference set to itself')
    if not owner.get("controller"):
        refuse(request, f'node "{node}" can only create pods with a controller owner reference set to itself')
    if owner.get("blockOwnerDeletion"):
        refuse(request, f'node "{node}" must not set blockOwnerDeletion on an owner reference')
    found = view.get(NODES, node)
    if found is None:
        raise NotFound(f'nodes "{node}" not found', {"name": node, "kind": "nodes"})
    uid = found["metadata"]["uid"]
    if owner.get("uid") != uid:
        refuse(request, f"node {node} UID mismatch: expected {owner.get('uid')} got {uid}")


def _pod_status(node: str, request: Request) -> None:
    old, new = request.old or {}, request.obj
    if (old.get("spec") or {}).get("nodeName") != node:
        limit = "can only update pod status for pods with spec.nodeName set to itself"
        refuse(request, f'node "{node}" {limit}')
    if (old["metadata"].get("labels") or {}) != (new["metadata"].get("labels") or {}):
        refuse(request, f'node "{node}" cannot update labels through pod status')
    before, after = old.get("status") or {}, new.get("status") or {}
    if (before.get("resourceClaimStatuses") or []) != (after.get("resourceClaimStatuses") or []):
        refuse(request, f'node "{node}" cannot update resource claim statues')


def _node(node: str, request: Request, _view: View) -> None:
    if request.name != node:
        refuse(request, f'node "{node}" is not allowed to modify node "{request.name}"')
    if request.operation == "CREATE":
        if (request.obj.get("spec") or {}).get("configSource") is not None:
            refuse(request, f'node "{node}" is not allowed to create pods with a non-nil configSource')
        if labels := _forbidden_labels(request):
            refuse(request, f'node "{node}" is not allowed to set the following labels: {", ".join(labels)}')
    elif request.operation == "UPDATE":
        _node_update(node, request)


def _node_update(node: str, request: Request) -> None:
    new, old = request.obj.get("spec") or {}, (request.old or {}).get("spec") or {}
    if new.get("configSource") is not None and new["configSource"] != old.get("configSource"):
        refuse(request, f'node "{node}" is not allowed to update configSource to a new non-nil configSource')
    if (new.get("taints") or []) != (old.get("taints") or []):
        refuse(request, f'node "{node}" is not allowed to modify taints')
    owners = [(o or {})["metadata"].get("ownerReferences") or [] for o in (request.obj, request.old)]
    if owners[0] != owners[1]:
        refuse(request, f'node "{node}" is not allowed to modify ownerReferences')
    if labels := _forbidden_labels(request):
        refuse(request, f"is not allowed to modify labels: {', '.join(labels)}")


def _forbidden_labels(request: Request) -> list[str]:
    """The changed labels that are no node's to change, by name."""
    new = request.obj["metadata"].get("labels") or {}
    old = ((request.old or {}).get("metadata") or {}).get("labels") or {}
    changed = {key for key in {*new, *old} if new.get(key) != old.get(key)}
    return sorted(key for key in changed if _is_forbidden(key))


def _is_forbidden(label: str) -> bool:
    domain = label.partition("/")[0] if "/" in label else ""
    if _within(domain, _RESTRICTED):
        return True
    of_kubernetes = _within(domain, "kubernetes.io") or _within(domain, "k8s.io")
    of_kubelet = label in _KUBELET_LABELS or any(_within(domain, known) for known in _KUBELET_DOMAINS)
    return of_kubernetes and not of_kubelet


def _within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


def _claim(node: str, request: Request, _view: View) -> None:
    if request.target.subresource != "status":
        refuse(request, "may only update PVC status")
    if _fixed_of_claim(request.obj) != _fixed_of_claim(request.old or {}):
        refuse(
            request,
            f'node "{node}" is not allowed to update fields other than status.quantity and status.conditions',
        )


def _fixed_of_claim(claim: Object) -> Object:
    """A claim without what a node may change."""
    loose = ("capacity", "conditions", "allocatedResourceStatuses", "allocatedResources")
    status = {key: value for key, value in (claim.get("status") or {}).items() if key not in loose}
    dropped = ("resourceVersion", "managedFields")
    metadata = {key: value for key, value in claim["metadata"].items() if key not in dropped}
    return {**claim, "metadata": metadata, "status": status}


def _account(node: str, request: Request, view: View) -> None:
    if request.operation != "CREATE" or request.target.subresource != "token":
        return
    reference = (request.obj.get("spec") or {}).get("boundObjectRef") or {}
    if (reference.get("apiVersion"), reference.get("kind")) != ("v1", "Pod") or not reference.get("name"):
        refuse(request, "node requested token not bound to a pod")
    uid = reference.get("uid")
    if not uid:
        refuse(request, "node requested token with a pod binding without a uid")
    on = _node_of_pod(reference["name"], request, view)
    pod = view.get(PODS, reference["name"], request.target.namespace) or {}
    if uid != pod["metadata"]["uid"]:
        refuse(
            request,
            f"the UID in the bound object reference ({uid}) does not match the UID in record. "
            "The object might have been deleted and then recreated",
        )
    if on != node:
        refuse(request, "node requested token bound to a pod scheduled on a different node")
    _audience(request, pod)


def _audience(request: Request, pod: Object) -> None:
    """A node asks tokens only for the audiences that its pod's volumes name."""
    audiences = (request.obj.get("spec") or {}).get("audiences") or [""]
    if len(audiences) > 1:
        refuse(request, "node may only request 0 or 1 audiences")
    if audiences[0] not in set(_audiences(pod)):
        user, wanted = request.user.name, audiences[0]
        refuse(request, f'{user} is not authorized to request tokens for audience "{wanted}"')


def _audiences(pod: Object) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if "serviceAccountToken" in source:
                yield source["serviceAccountToken"].get("audience") or ""


def _lease(node: str, request: Request, _view: View) -> None:
    if request.operation == "CREATE" and request.target.namespace != "kube-node-lease":
        refuse(request, 'can only access leases in the "kube-node-lease" system namespace')
    if request.name != node:
        refuse(request, "can only access node lease with the same name as the requesting node")


def _csi_node(node: str, request: Request, _view: View) -> None:
    if request.name != node:
        refuse(request, "can only access CSINode with the same name as the requesting node")


def _slice(node: str, request: Request, _view: View) -> None:
    if request.operation == "DELETE":
        if ((request.old or {}).get("spec") or {}).get("nodeName") != node:
            refuse(request, "can only delete ResourceSlice with the same NodeName as the requesting node")
    elif request.operation == "CREATE" and (request.obj.get("spec") or {}).get("nodeName") != node:
        refuse(request, "can only create ResourceSlice with the same NodeName as the requesting node")


def _signing_request(_node: str, request: Request, _view: View) -> None:
    spec = request.obj.get("spec") or {}
    if request.operation != "CREATE" or spec.get("signerName") not in _NODE_SIGNERS:
        return
    try:
        asked: x509.CertificateSigningRequest = load_request(spec.get("request"))
    except ValueError as error:
        refuse(request, f"unable to parse csr: {error}")
    if common_name(asked) != request.user.name:
        refuse(request, f"can only create a node CSR with CN={request.user.name}")


_CHECKS: Mapping[str, Check] = {
    "pods": _pod,
    "nodes": _node,
    "persistentvolumeclaims": _claim,
    "serviceaccounts": _account,
    "leases.coordination.k8s.io": _lease,
    "csinodes.storage.k8s.io": _csi_node,
    "resourceslices.resource.k8s.io": _slice,
    "certificatesigningrequests.certificates.k8s.io": _signing_request,
    "podcertificaterequests.certificates.k8s.io": pod_certificates.admit,
}
