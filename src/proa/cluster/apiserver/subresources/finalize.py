"""namespaces/finalize: the only way to change a namespace's own finalizers."""

from __future__ import annotations

from proa.cluster.apiserver.updating import Change
from proa.kube.resources import Object


def finalizing(body: Object) -> Change:
    """A change of `spec.finalizers` to those of a body, and of nothing else."""
    wanted = list((body.get("spec") or {}).get("finalizers") or ())
    version = (body.get("metadata") or {}).get("resourceVersion")

    def change(namespace: Object) -> Object:
        metadata = {
            **namespace["metadata"],
            "resourceVersion": version or namespace["metadata"]["resourceVersion"],
        }
        spec = {**(namespace.get("spec") or {}), "finalizers": wanted}
        return {**namespace, "metadata": metadata, "spec": spec}

    return change
