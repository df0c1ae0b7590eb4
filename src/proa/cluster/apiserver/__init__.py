"""The Kubernetes API server."""

from proa.cluster.apiserver.config import ApiServerConfig, FrontProxyConfig
from proa.cluster.apiserver.server import ApiServer

__all__ = ["ApiServer", "ApiServerConfig", "FrontProxyConfig"]
