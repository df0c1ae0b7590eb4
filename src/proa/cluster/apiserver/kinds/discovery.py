"""discovery.k8s.io: where a service's traffic goes."""

from proa.cluster.apiserver.kind import Group

KINDS = (Group("discovery.k8s.io").namespaced("endpointslices", "EndpointSlice", generation=True),)
