"""On which nodes a DaemonSet has a pod, and what that pod looks like. Pure.

Source: kubernetes.io, DaemonSet (how daemon pods are scheduled, taints and tolerations).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.controllers.pod_control import pod_from_template
from proa.cluster.controllers.pod_template import with_labels
from proa.cluster.controllers.pods import is_finished
from proa.cluster.controllers.revisions import HASH_LABEL
from proa.cluster.tolerations import untolerated
from proa.kube import Object, annotations_of, is_deleting, labels_of
from proa.kube.selectors import node_selector

_GENERATION = "deprecated.daemonset.template.generation"
_GENERATION_LABEL = "pod-template-generation"
_NODE_NAME = "metadata.name"
_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
_ALL, _EVICTING = frozenset({"NoSchedule", "NoExecute"}), frozenset({"NoExecute"})


@dataclass
class Slot:
    """A node and the DaemonSet's pods on it."""

    name: str
    runs: bool
    """Whether a pod belongs here."""
    stays: bool
    """Whether a pod that is here may remain."""
    pods: list[Object] = field(default_factory=list)


def slots(owner: Object, nodes: Iterable[Object], pods: Iterable[Object]) -> list[Slot]:
    """Every node with the pods that are on it, and those that are meant for it, oldest first."""
    placed: dict[str, list[Object]] = {}
    for pod in sorted(pods, key=_seniority):
        if not (is_deleting(pod) and is_finished(pod)):
            placed.setdefault(target_node(pod), []).append(pod)
    spec = owner["spec"]["template"]["spec"]
    accepts, tolerations = _affinity(spec), daemon_tolerations(spec)
    result = []
    for node in nodes:
        name, taints = node["metadata"]["name"], node["spec"].get("taints") or ()
        fits = accepts(labels_of(node), name)
        runs = fits and untolerated(taints, tolerations, _ALL) is None
        stays = fits and untolerated(taints, tolerations, _EVICTING) is None
        result.append(Slot(name, runs, stays, placed.get(name, [])))
    return result


def _seniority(pod: Object) -> tuple[bool, str, str]:
    """Sorts pods that have a node to the front, then those that were made first."""
    metadata = pod["metadata"]
    return not pod["spec"].get("nodeName"), str(metadata.get("creationTimestamp", "")), str(metadata["name"])


def _affinity(spec: Mapping[str, Any]) -> Any:
    """Predicate of (labels, name) of a node: what the template itself asks for."""
    labels, name = (spec.get("nodeSelector") or {}).items(), spec.get("nodeName")
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    matches = node_selector(required) if required else None

    def accepts(node_labels: Mapping[str, str], node_name: str) -> bool:
        if name and name != node_name:
            return False
        return labels <= node_labels.items() and (matches is None or matches(node_labels, node_name))

    return accepts


def daemon_tolerations(spec: Mapping[str, Any]) -> list[Object]:
    """The template's tolerations and those that every daemon has."""
    wanted = [*_TOLERATED, *([("network-unavailable", "NoSchedule")] if spec.get("hostNetwork") else [])]
    ours = [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect} for key, effect in wanted
    ]
    others = spec.get("tolerations") or []
    return [*(t for t in others if t not in ours), *ours]


def target_node(pod: Object) -> str:
    """The node that the pod is bound to or, until then, meant for; empty when neither is known."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field_ in term.get("matchFields") or ():
            if field_["key"] == _NODE_NAME and len(field_.get("values") or ()) == 1:
                return str(field_["values"][0])
    return ""


def daemon_pod(owner: Object, node_name: str, digest: str) -> Object:
    """The pod for one node: the scheduler binds it there and nowhere else."""
    labels = {HASH_LABEL: digest}
    if generation := annotations_of(owner).get(_GENERATION):
        labels[_GENERATION_LABEL] = generation
    pod = pod_from_template(owner, with_labels(owner["spec"]["template"], labels))
    spec = pod["spec"]
    field_ = {"key": _NODE_NAME, "operator": "In", "values": [node_name]}
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {
        "nodeSelectorTerms": [{"matchFields": [field_]}]
    }
    spec["tolerations"] = daemon_tolerations(spec)
    return pod
