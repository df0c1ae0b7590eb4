"""Container logs: reading, following, rotating."""

from proa.cluster.kubelet.logs.options import LogOptions, parse_options
from proa.cluster.kubelet.logs.rotation import rotate_logs
from proa.cluster.kubelet.logs.stream import stream_log

__all__ = ["LogOptions", "parse_options", "rotate_logs", "stream_log"]
