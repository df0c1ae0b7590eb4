"""What the pods and claims of a StatefulSet are called and look like. Pure.

Source: kubernetes.io, StatefulSet (pod identity, PersistentVolumeClaim retention).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from proa.cluster.controllers.pod_control import pod_from_template
from proa.cluster.controllers.pod_template import with_labels
from proa.cluster.controllers.revisions import HASH_LABEL
from proa.kube import Object, labels_of, owner_reference

_POD_NAME, _POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"


def start_of(owner: Object) -> int:
    """The ordinal of the first pod."""
    return int((owner["spec"].get("ordinals") or {}).get("start", 0))


def ordinal_of(owner: Object, pod: Object) -> int | None:
    """The pod's number; None when its name is not one of this set."""
    base, _, number = pod["metadata"]["name"].rpartition("-")
    return int(number) if base == owner["metadata"]["name"] and number.isdecimal() else None


def revision_of(pod: Object) -> str:
    """The name of the revision that the pod was made from."""
    return labels_of(pod).get(HASH_LABEL, "")


def stateful_pod(owner: Object, ordinal: int, revision: Object) -> Object:
    """The pod with that number, from the template that the revision holds."""
    name = f"{owner['metadata']['name']}-{ordinal}"
    template = {k: v for k, v in revision["data"]["spec"]["template"].items() if k != "$patch"}
    labels = {_POD_NAME: name, _POD_INDEX: str(ordinal), HASH_LABEL: revision["metadata"]["name"]}
    pod = pod_from_template(owner, with_labels(template, labels), name=name)
    spec = pod["spec"]
    spec["hostname"] = name
    if service := owner["spec"].get("serviceName"):
        spec["subdomain"] = service
    mounted = {volume["name"]: volume for volume in spec.get("volumes") or ()}
    for claim in claim_templates(owner):
        source = {"claimName": claim_name(claim, name), "readOnly": False}
        mounted[claim["metadata"]["name"]] = {
            "name": claim["metadata"]["name"],
            "persistentVolumeClaim": source,
        }
    if mounted:
        spec["volumes"] = list(mounted.values())
    return pod


def missing_identity(owner: Object, pod: Object) -> Object:
    """The labels that say who the pod is, where somebody took them off or changed them."""
    wanted = {_POD_NAME: pod["metadata"]["name"], _POD_INDEX: str(ordinal_of(owner, pod))}
    return {name: value for name, value in wanted.items() if labels_of(pod).get(name) != value}


def claim_templates(owner: Object) -> list[Object]:
    return list(owner["spec"].get("volumeClaimTemplates") or ())


def claim_name(template: Object, pod_name: str) -> str:
    return f"{template['metadata']['name']}-{pod_name}"


def claims(owner: Object, pod: Object, *, condemned: bool) -> list[Object]:
    """The claims of a pod, with the owners that the retention policy wants.

    `condemned` says that the pod goes because the set shrinks.
    """
    result = []
    for template in claim_templates(owner):
        source = template["metadata"]
        labels = (source.get("labels") or {}) | (owner["spec"]["selector"].get("matchLabels") or {})
        metadata = {
            "name": claim_name(template, pod["metadata"]["name"]),
            "namespace": owner["metadata"]["namespace"],
            "labels": labels,
        }
        if source.get("annotations"):
            metadata["annotations"] = dict(source["annotations"])
        if owners := _claim_owners(owner, pod, condemned):
            metadata["ownerReferences"] = owners
        result.append(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": metadata,
                "spec": copy.deepcopy(template["spec"]),
            }
        )
    return result


def _claim_owners(owner: Object, pod: Object, condemned: bool) -> list[Object]:
    """The claim goes with its pod, or with the set, or stays."""
    policy: Mapping[str, Any] = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenScaled") == "Delete" and condemned:
        return [owner_reference(pod)]
    return [owner_reference(owner)] if policy.get("whenDeleted") == "Delete" else []
