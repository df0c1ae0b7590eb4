"""What several controllers read of a pod."""

from __future__ import annotations

from proa.kube import Object

BY_NODE = "node"


def node_names(pod: Object) -> tuple[str, ...]:
    """Index function: the node that the pod is bound to."""
    name = pod["spec"].get("nodeName")
    return (name,) if name else ()


def claim_keys(pod: Object) -> tuple[str, ...]:
    """Index function: keys of the claims that the pod mounts, those of ephemeral volumes too."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    keys = []
    for volume in pod["spec"].get("volumes") or ():
        if claim := volume.get("persistentVolumeClaim"):
            keys.append(f"{namespace}/{claim['claimName']}")
        elif volume.get("ephemeral"):
            keys.append(f"{namespace}/{name}-{volume['name']}")
    return tuple(keys)


def is_finished(pod: Object) -> bool:
    """Whether the pod will never run again."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
