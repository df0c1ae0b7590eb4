"""Who may ask a kubelet for what: certificates and tokens, then the cluster's own authorization."""

from proa.cluster.kubelet.access.gate import Gate
from proa.cluster.kubelet.access.reviews import Reviews

__all__ = ["Gate", "Reviews"]
