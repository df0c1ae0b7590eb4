"""Exec, attach and port-forward: live connections into a pod, each over one WebSocket."""

from proa.cluster.kubelet.streams.routes import StreamRoutes

__all__ = ["StreamRoutes"]
