"""Services: ClusterIP, NodePort, external and load-balancer addresses as nftables maps of one node.

`translate` turns a Service and its EndpointSlices into frontends, `table` keeps what the kernel has
and gives the difference, `proxy` is the loop between the API and the kernel.
"""

from proa.services.config import ServiceProxyConfig
from proa.services.proxy import ServiceProxy, cleanup

__all__ = ["ServiceProxy", "ServiceProxyConfig", "cleanup"]
