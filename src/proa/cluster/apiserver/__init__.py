"""The Kubernetes API server."""

from proa.cluster.apiserver.config import ApiServerConfig
from proa.cluster.apiserver.server import ApiServer

__all__ = ["ApiServer", "ApiServerConfig"]
