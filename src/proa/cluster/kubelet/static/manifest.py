"""A file of a pod becomes a static pod (source: pkg/kubelet/config). Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml

from proa.errors import ProaError
from proa.kube import Object, annotations_of

SOURCE, HASH, MIRROR, SEEN = (f"kubernetes.io/config.{word}" for word in ("source", "hash", "mirror", "seen"))
_TOLERATES_ALL = {"operator": "Exists", "effect": "NoExecute"}


class ManifestError(ProaError):
    """A file that is no pod."""


def parse_manifest(text: str, source: str, node: str, seen: str) -> Object:
    """The static pod of a file's text; `source` is its path, `seen` the time. Raises ManifestError."""
    try:
        pod: Any = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ManifestError(f"{source}: no YAML: {fault}") from fault
    if not isinstance(pod, dict) or (pod.get("apiVersion"), pod.get("kind")) != ("v1", "Pod"):
        raise ManifestError(f"{source}: not a Pod of apiVersion v1, which is what a static pod is made of")
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    if not metadata.get("name") or not spec.get("containers"):
        raise ManifestError(f"{source}: a pod needs metadata.name and spec.containers")
    uid = hashlib.sha256(f"{json.dumps(pod, sort_keys=True, default=str)}{node}{source}".encode()).hexdigest()
    return _static(metadata, spec, node, metadata.get("uid") or uid[:32], seen)


def _static(metadata: Object, spec: Object, node: str, uid: str, seen: str) -> Object:
    notes = {SOURCE: "file", HASH: uid, SEEN: seen}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **metadata,
            "name": f"{metadata['name']}-{node.lower()}",
            "namespace": metadata.get("namespace") or "default",
            "uid": uid,
            "annotations": {**(metadata.get("annotations") or {}), **notes},
        },
        "spec": {
            **spec,
            "nodeName": node,
            "tolerations": [*(spec.get("tolerations") or ()), _TOLERATES_ALL],
        },
        "status": {"phase": "Pending"},
    }


def is_static(pod: Object) -> bool:
    """Whether a pod came from a file of this node."""
    notes = annotations_of(pod)
    return SOURCE in notes and MIRROR not in notes


def is_mirror(pod: Object) -> bool:
    """Whether a pod of the API only shows a static pod."""
    return MIRROR in annotations_of(pod)


def mirror_of(pod: Object, node: Object) -> Object:
    """What the API is to show of a static pod; `node` owns it."""
    metadata = {key: value for key, value in pod["metadata"].items() if key != "uid"}
    owner = {
        "apiVersion": "v1",
        "kind": "Node",
        "name": node["metadata"]["name"],
        "uid": node["metadata"]["uid"],
        "controller": True,
    }
    notes = annotations_of(pod) | {MIRROR: annotations_of(pod)[HASH]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata | {"annotations": notes, "ownerReferences": [owner]},
        "spec": pod["spec"],
    }
