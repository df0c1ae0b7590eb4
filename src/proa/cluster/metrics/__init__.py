"""metrics.k8s.io: what nodes and pods use, from the kubelets' numbers, behind the aggregation layer."""

from proa.cluster.metrics.config import MetricsConfig
from proa.cluster.metrics.server import MetricsServer
from proa.cluster.metrics.service import remove, setup

__all__ = ["MetricsConfig", "MetricsServer", "remove", "setup"]
