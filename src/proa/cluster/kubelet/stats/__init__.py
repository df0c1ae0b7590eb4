"""What the node, its pods and their containers use: readings, summary, metrics."""

from proa.cluster.kubelet.stats.collector import Collector
from proa.cluster.kubelet.stats.routes import StatsRoutes

__all__ = ["Collector", "StatsRoutes"]
