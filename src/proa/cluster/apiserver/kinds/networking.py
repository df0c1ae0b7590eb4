"""networking.k8s.io: ingresses, policies and service addresses."""

from proa.cluster.apiserver.columns import services as columns
from proa.cluster.apiserver.defaults import services as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.validation import network_policies
from proa.cluster.apiserver.validation import service_addresses as addresses
from proa.cluster.apiserver.validation import services as rules

_NETWORKING = Group("networking.k8s.io")

KINDS = (
    _NETWORKING.cluster_wide(
        "ingressclasses",
        "IngressClass",
        columns=columns.INGRESS_CLASSES,
        defaults=(defaults.ingress_class,),
        generation=True,
    ),
    _NETWORKING.namespaced(
        "ingresses",
        "Ingress",
        short_names=("ing",),
        subresources=(STATUS,),
        columns=columns.INGRESSES,
        defaults=(defaults.ingress,),
        rules=(rules.ingress,),
        first_status=status.load_balancer,
        generation=True,
    ),
    _NETWORKING.cluster_wide(
        "ipaddresses",
        "IPAddress",
        short_names=("ip",),
        columns=columns.IP_ADDRESSES,
        rules=(addresses.ip_address,),
    ),
    _NETWORKING.namespaced(
        "networkpolicies",
        "NetworkPolicy",
        short_names=("netpol",),
        columns=columns.NETWORK_POLICIES,
        defaults=(defaults.network_policy,),
        rules=(network_policies.network_policy,),
        generation=True,
    ),
    _NETWORKING.cluster_wide(
        "servicecidrs",
        "ServiceCIDR",
        status_alone=True,
        subresources=(STATUS,),
        columns=columns.SERVICE_CIDRS,
        rules=(addresses.service_cidr,),
        first_status=status.empty,
    ),
)
