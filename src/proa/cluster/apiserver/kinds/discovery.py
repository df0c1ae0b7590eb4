"""discovery.k8s.io: where a service's traffic goes."""

from proa.cluster.apiserver.columns import services as columns
from proa.cluster.apiserver.defaults import services as defaults
from proa.cluster.apiserver.kind import Group
from proa.cluster.apiserver.validation import services as rules

KINDS = (
    Group("discovery.k8s.io").namespaced(
        "endpointslices",
        "EndpointSlice",
        columns=columns.ENDPOINT_SLICES,
        defaults=(defaults.endpoint_slice,),
        rules=(rules.endpoint_slice,),
        generation=True,
    ),
)
