"""Which PersistentVolume serves which claim: pure rules that the binder and the scheduler share.

Source: kubernetes.io/docs/concepts/storage/persistent-volumes; component-helpers storage/volume.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from proa.kube import Object, annotations_of, is_deleting, key_of, labels_of, to_integer
from proa.kube.selectors import label_selector, node_selector

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
BETA_STORAGE_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
NO_PROVISIONER = "kubernetes.io/no-provisioner"

_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


class Reference(Enum):
    """What a volume's claimRef says about one claim."""

    NONE = "the volume is unclaimed"
    OURS = "the volume is reserved for this claim"
    OTHER = "the volume belongs to another claim"


def class_of(obj: Object) -> str:
    """The class name of a claim or a volume; empty for none. The beta annotation wins, as upstream."""
    beta = annotations_of(obj).get(_BETA_CLASS)
    return str(beta if beta is not None else obj["spec"].get("storageClassName") or "")


def names_a_class(claim: Object) -> bool:
    """Whether a class was written down; the empty string counts ("no class, please")."""
    return _BETA_CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None


def default_class(classes: Iterable[Object]) -> Object | None:
    """The newest StorageClass marked as default; the name decides between equals."""
    marked = [c for c in classes if any(annotations_of(c).get(key) == "true" for key in _DEFAULT_CLASS)]
    marked.sort(key=lambda c: c["metadata"]["name"])
    return max(marked, key=lambda c: str(c["metadata"].get("creationTimestamp") or ""), default=None)


def waits_for_consumer(storage_class: Object | None) -> bool:
    """Whether claims of the class are bound only when a pod that uses them has a node."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def is_bound(claim: Object) -> bool:
    """Whether claim and volume know each other and the binder has finished."""
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)


def reference_to(volume: Object, claim: Object) -> Reference:
    """How the volume's claimRef relates to the claim: by name, and by uid once that is filled in."""
    reference = volume["spec"].get("claimRef")
    if not reference:
        return Reference.NONE
    if f"{reference.get('namespace')}/{reference.get('name')}" != key_of(claim):
        return Reference.OTHER
    uid = reference.get("uid")
    return Reference.OURS if not uid or uid == claim["metadata"]["uid"] else Reference.OTHER


def claim_reference(claim: Object) -> Object:
    """The claimRef that reserves a volume for this very claim."""
    metadata = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }


def reaches(volume: Object, node_labels: Mapping[str, str], node_name: str = "") -> bool:
    """Whether the volume's node affinity admits a node with these labels."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or node_selector(required)(node_labels, node_name)


def mismatch(volume: Object, claim: Object, *, any_class: bool = False) -> str:
    """Why the volume cannot serve the claim, in upstream's words; empty when it can."""
    if is_deleting(volume):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if _capacity(volume) < requested(claim):
        return "requested PV is too small"
    if not any_class and class_of(volume) != class_of(claim):
        return "storageClassName does not match"
    if _attributes(volume) != _attributes(claim):
        return "volumeAttributesClassName does not match"
    if _mode(volume) != _mode(claim):
        return "incompatible volumeMode"
    if not set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ()):
        return "incompatible accessMode"
    return ""


def best_match(claim: Object, volumes: Iterable[Object]) -> Object | None:
    """The volume reserved for the claim, or else the smallest available one that satisfies it.

    Between equal sizes the one with the fewest access modes wins, then the name.
    """
    selector = label_selector(claim["spec"].get("selector"))
    fitting: list[Object] = []
    for volume in volumes:
        reference = reference_to(volume, claim)
        reserved = reference is Reference.OURS
        if reference is Reference.OTHER or mismatch(volume, claim, any_class=reserved):
            continue
        if reserved:
            return volume
        if (volume.get("status") or {}).get("phase") != "Available":
            continue
        if selector is None or selector.matches(labels_of(volume)):
            fitting.append(volume)
    return min(fitting, key=_thrift, default=None)


def requested(claim: Object) -> int:
    """Bytes that the claim asks for."""
    return to_integer(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", 0))


def same_mode(volume: Object, claim: Object) -> bool:
    """Whether both are file systems or both are raw devices."""
    return _mode(volume) == _mode(claim)


def _thrift(volume: Object) -> tuple[int, int, str]:
    return _capacity(volume), len(volume["spec"].get("accessModes") or ()), volume["metadata"]["name"]


def _capacity(volume: Object) -> int:
    return to_integer((volume["spec"].get("capacity") or {}).get("storage", 0))


def _attributes(obj: Object) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""


def _mode(obj: Object) -> str:
    return str(obj["spec"].get("volumeMode") or "Filesystem")
