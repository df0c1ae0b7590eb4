"""pods/binding: the scheduler's decision (source: core/v1 Binding; pod storage, BindingREST)."""

from __future__ import annotations

from dataclasses import replace

from proa.cluster.apiserver.registry import Registry
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import required
from proa.cluster.apiserver.subresources import Post
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.updating import keep_owners, modify
from proa.kube.meta import annotations_of, is_deleting, with_condition
from proa.kube.resources import Object


class Binder:
    """Assigns pods to nodes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def create(self, post: Post) -> Object:
        """Set the pod's node. Raises Conflict when it has one, is another pod or is being deleted."""
        target, body = post.target, post.body
        node = (body.get("target") or {}).get("name")
        if not node:
            raise invalid("Binding", "", target.name, [required("target.name")])

        def assign(pod: Object) -> Object:
            _check(pod, body, target)
            return _assigned(pod, node, body.get("metadata") or {})

        await modify(
            self._registry.backend,
            replace(target, subresource="binding"),
            post.user,
            assign,
            post.options,
            keep_owners,
        )
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _check(pod: Object, body: Object, target: Target) -> None:
    wanted = (body.get("metadata") or {}).get("uid")
    if wanted and wanted != pod["metadata"]["uid"]:
        raise target.conflict(
            f"Precondition failed: UID in precondition: {wanted}, "
            f"UID in object meta: {pod['metadata']['uid']}"
        )
    if is_deleting(pod):
        raise target.conflict(f"pod {target.name} is being deleted, cannot be assigned to a host")
    if node := pod["spec"].get("nodeName"):
        raise target.conflict(f'pod {target.name} is already assigned to node "{node}"')


def _assigned(pod: Object, node: str, metadata: Object) -> Object:
    pod["spec"]["nodeName"] = node
    if annotations := metadata.get("annotations"):
        pod["metadata"]["annotations"] = {**annotations_of(pod), **annotations}
    status = pod.setdefault("status", {})
    status.pop("nominatedNodeName", None)  # it waits for a node no longer
    status["conditions"] = with_condition(status.get("conditions") or [], "PodScheduled", True)
    return pod
