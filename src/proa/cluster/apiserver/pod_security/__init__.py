"""Pod Security Standards: what a namespace's labels demand of pods (source: kubernetes.io, pod security)."""

from proa.cluster.apiserver.pod_security.step import admit

__all__ = ["admit"]
