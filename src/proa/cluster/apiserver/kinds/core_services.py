"""The core group (`v1`): services and endpoints."""

from proa.cluster.apiserver.columns import services as columns
from proa.cluster.apiserver.defaults import services as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group, Subresource, read
from proa.cluster.apiserver.validation import services as rules
from proa.cluster.apiserver.validation.service_addresses import service_update

_CORE = Group("")
_PROXY = Subresource("proxy", ("create", "delete", "get", "patch", "update"), kind="ServiceProxyOptions")

KINDS = (
    _CORE.namespaced(
        "endpoints",
        "Endpoints",
        deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        short_names=("ep",),
        columns=columns.ENDPOINTS,
        defaults=(defaults.endpoints,),
    ),
    _CORE.namespaced(
        "services",
        "Service",
        returns_deleted=True,
        short_names=("svc",),
        categories=("all",),
        subresources=(_PROXY, STATUS),
        columns=columns.SERVICES,
        defaults=(defaults.service,),
        rules=(rules.service, service_update),
        fields={"spec.clusterIP": read("spec", "clusterIP"), "spec.type": read("spec", "type")},
        first_status=status.load_balancer,
    ),
)
