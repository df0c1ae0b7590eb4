"""networking.k8s.io: ingresses, policies and service addresses."""

from proa.cluster.apiserver.kind import STATUS, Group, read

_NETWORKING = Group("networking.k8s.io")

KINDS = (
    _NETWORKING.cluster_wide("ingressclasses", "IngressClass", generation=True),
    _NETWORKING.namespaced(
        "ingresses", "Ingress", short_names=("ing",), subresources=(STATUS,), generation=True
    ),
    _NETWORKING.cluster_wide(
        "ipaddresses",
        "IPAddress",
        short_names=("ip",),
        fields={"spec.parentRef.name": read("spec", "parentRef", "name")},
    ),
    _NETWORKING.namespaced("networkpolicies", "NetworkPolicy", short_names=("netpol",), generation=True),
    _NETWORKING.cluster_wide("servicecidrs", "ServiceCIDR", subresources=(STATUS,)),
)
