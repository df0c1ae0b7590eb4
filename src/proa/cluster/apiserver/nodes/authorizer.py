"""What a node may do, and why not (source: Kubernetes node authorization)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from proa.cluster.apiserver.authorizer import Action, Rule, allows
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.nodes.graph import NodeGraph
from proa.cluster.apiserver.nodes.identity import node_of
from proa.kube.resources import POD_CERTIFICATE_REQUESTS, Resource

LEASES = "kube-node-lease"
_ATTACHMENTS = Resource("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", namespaced=False)
_SLICES = Resource("resource.k8s.io", "v1", "resourceslices", "ResourceSlice", namespaced=False)
_OWN = ("get", "create", "update", "patch", "delete")
_READ = ("get", "list", "watch")

Objection = str | None
"""Why not: "" for an allowed action, None when it is no node's business."""

_NONE: Objection = None


class NodeAuthorizer:
    """Judges the actions of nodes. `rules` are those of the role system:node."""

    def __init__(self, graph: NodeGraph, rules: tuple[Rule, ...]) -> None:
        self._graph = graph
        self._rules = rules
        self._judges: Mapping[tuple[str, str], Callable[[str, Action], Objection]] = {
            ("", "secrets"): self._read_needed,
            ("", "configmaps"): self._read_needed,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._volume,
            ("", "serviceaccounts"): self._account,
            ("", "nodes"): self._node,
            ("", "pods"): self._pod,
            ("resource.k8s.io", "resourceclaims"): self._resource_claim,
            ("resource.k8s.io", "resourceslices"): self._slice,
            ("storage.k8s.io", "volumeattachments"): self._attachment,
            ("storage.k8s.io", "csinodes"): self._csi_node,
            ("coordination.k8s.io", "leases"): self._lease,
            ("certificates.k8s.io", "podcertificaterequests"): self._pod_certificate,
        }

    def objection(self, user: User, action: Action) -> Objection:
        """Why a node may not; empty when it may, None when the user is none or nothing is known."""
        node = node_of(user)
        if node is None:
            return None
        judge = None if action.path else self._judges.get((action.group, action.resource))
        if judge is not None:
            return judge(node, action)
        return "" if allows(self._rules, action) else _NONE

    def _unless(self, related: bool, node: str) -> Objection:
        return "" if related else f"no relationship found between node '{node}' and this object"

    def _needed(self, node: str, action: Action) -> Objection:
        if not action.name:
            return "No Object name found"
        return self._unless(self._graph.needs(node, action.resource, action.namespace, action.name), node)

    def _read_needed(self, node: str, action: Action) -> Objection:
        if action.verb not in _READ:
            return "can only read resources of this type"
        if action.subresource:
            return "cannot read subresource"
        if not action.namespace:
            return "can only read namespaced object of this type"
        return self._needed(node, action)

    def _single(self, action: Action) -> Objection:
        """Why an object cannot be read; empty when it depends on the object."""
        if action.verb != "get":
            return "can only get individual resources of this type"
        return "cannot get subresource" if action.subresource else ""

    def _named(self, action: Action) -> Objection:
        """As for a single object; and what a node may get it may also watch by name, as our kubelet does."""
        return "" if action.verb in _READ and action.name and not action.subresource else self._single(action)

    def _claim(self, node: str, action: Action) -> Objection:
        if action.subresource != "status":
            return self._named(action) or self._needed(node, action)
        if action.verb not in ("update", "patch"):
            return "can only get/update/patch this type"
        return self._needed(node, action)

    def _resource_claim(self, node: str, action: Action) -> Objection:
        return self._single(action) or self._needed(node, action)

    def _volume(self, node: str, action: Action) -> Objection:
        return self._named(action) or self._unless(self._graph.has_volume(node, action.name), node)

    def _attachment(self, node: str, action: Action) -> Objection:
        return self._single(action) or self._unless(
            self._graph.names_node(node, _ATTACHMENTS, action.name), node
        )

    def _account(self, node: str, action: Action) -> Objection:
        if action.verb == "get" and not action.subresource:
            return self._read_needed(node, action)
        if action.verb != "create" or not action.name:
            return "can only create tokens for individual service accounts"
        if action.subresource != "token":
            return "can only create token subresource of serviceaccount"
        return self._needed(node, action)

    def _lease(self, node: str, action: Action) -> Objection:
        if action.verb not in _OWN:
            return "can only get, create, update, patch, or delete a node lease"
        if action.namespace != LEASES:
            return f'can only access leases in the "{LEASES}" system namespace'
        if action.verb != "create" and action.name != node:
            return "can only access node lease with the same name as the requesting node"
        return ""

    def _csi_node(self, node: str, action: Action) -> Objection:
        if action.subresource:
            return "cannot authorize CSINode subresources"
        if action.verb not in _OWN:
            return "can only get, create, update, patch, or delete a CSINode"
        if action.verb != "create" and action.name != node:
            return "can only access CSINode with the same name as the requesting node"
        return ""

    def _slice(self, node: str, action: Action) -> Objection:
        if action.subresource:
            return "cannot authorize ResourceSlice subresources"
        if action.verb == "create":
            return ""
        if action.verb in ("get", "update", "patch", "delete"):
            return self._unless(self._graph.names_node(node, _SLICES, action.name), node)
        if ("spec.nodeName", node) in action.fields:
            return ""
        return "can only list/watch/deletecollection resourceslices with nodeName field selector"

    def _pod_certificate(self, node: str, action: Action) -> Objection:
        if action.subresource:
            return "nodes may not access the status subresource of PodCertificateRequests"
        if action.verb == "create":
            return ""
        if action.verb == "get":
            related = self._graph.names_node(node, POD_CERTIFICATE_REQUESTS, action.name, action.namespace)
            return self._unless(related, node)
        if action.verb not in ("list", "watch"):
            return f"nodes may not {action.verb} podcertificaterequests"
        if ("spec.nodeName", node) in action.fields:
            return ""
        return "can only list/watch podcertificaterequests with nodeName field selector"

    def _node(self, node: str, action: Action) -> Objection:
        """Writes are limited by admission."""
        if action.subresource == "status":
            return "" if action.verb in ("update", "patch") else _NONE
        if action.subresource:
            return _NONE
        if action.verb in ("create", "update", "patch"):
            return ""
        if action.verb not in _READ:
            return _NONE
        if action.name == node:
            return ""
        what = f"'{action.name}'" if action.name else "all nodes"
        return f"node '{node}' cannot read {what}, only its own Node object"

    def _pod(self, node: str, action: Action) -> Objection:
        """Writes are limited by admission."""
        allowed = {"": ("create", "delete"), "status": ("update", "patch"), "eviction": ("create",)}
        if action.verb in allowed.get(action.subresource, ()):
            return ""
        if action.subresource or action.verb not in _READ:
            return _NONE
        if action.verb != "get" and ("spec.nodeName", node) in action.fields:
            return ""
        if action.verb == "get" or action.name:
            return self._unless(self._graph.has_pod(node, action.namespace, action.name), node)
        return "can only list/watch pods with spec.nodeName field selector"
