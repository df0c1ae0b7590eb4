"""The core group (`v1`): namespaces, nodes, configuration, events, limits."""

from proa.cluster.apiserver.columns import cluster as columns
from proa.cluster.apiserver.columns import nodes
from proa.cluster.apiserver.columns.policies import CREATED_AT
from proa.cluster.apiserver.defaults import cluster as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import ALL_VERBS, STATUS, Group, Subresource, read
from proa.cluster.apiserver.validation import cluster as rules
from proa.kube.resources import Object

_CORE = Group("")
_TOKEN = Subresource("token", ("create",), kind="TokenRequest", group="authentication.k8s.io", version="v1")
_NODE_PROXY = Subresource("proxy", ("create", "delete", "get", "patch", "update"), kind="NodeProxyOptions")


def _event_source(obj: Object) -> str:
    return read("source", "component")(obj) or read("reportingComponent")(obj)


_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
EVENT_FIELDS = {f"involvedObject.{name}": read("involvedObject", name) for name in _INVOLVED} | {
    "reason": read("reason"),
    "reportingComponent": read("reportingComponent"),
    "source": _event_source,
    "type": read("type"),
}

KINDS = (
    _CORE.cluster_wide(
        "componentstatuses",
        "ComponentStatus",
        short_names=("cs",),
        verbs=("get", "list"),
        columns=columns.COMPONENT_STATUSES,
        deprecation="v1 ComponentStatus is deprecated in v1.19+",
    ),
    _CORE.namespaced(
        "configmaps",
        "ConfigMap",
        short_names=("cm",),
        columns=columns.CONFIG_MAPS,
        rules=(rules.config_map,),
    ),
    _CORE.namespaced(
        "events",
        "Event",
        short_names=("ev",),
        columns=columns.EVENTS,
        defaults=(defaults.event,),
        rules=(rules.event,),
        fields=EVENT_FIELDS,
    ),
    _CORE.namespaced(
        "limitranges",
        "LimitRange",
        short_names=("limits",),
        columns=CREATED_AT,
        defaults=(defaults.limit_range,),
    ),
    _CORE.cluster_wide(
        "namespaces",
        "Namespace",
        short_names=("ns",),
        verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
        subresources=(Subresource("finalize", ("update",)), STATUS),
        columns=columns.NAMESPACES,
        defaults=(defaults.namespace,),
        first_status=status.active,
        fields={"name": read("metadata", "name"), "status.phase": read("status", "phase")},
    ),
    _CORE.cluster_wide(
        "nodes",
        "Node",
        short_names=("no",),
        subresources=(_NODE_PROXY, STATUS),
        columns=nodes.NODES,
        defaults=(defaults.node,),
        rules=(rules.node,),
        first_status=status.as_sent,
        fields={"spec.unschedulable": lambda obj: read("spec", "unschedulable")(obj) or "false"},
    ),
    _CORE.namespaced(
        "resourcequotas",
        "ResourceQuota",
        returns_deleted=True,
        short_names=("quota",),
        subresources=(STATUS,),
        columns=columns.RESOURCE_QUOTAS,
        first_status=status.empty,
    ),
    _CORE.namespaced(
        "secrets",
        "Secret",
        columns=columns.SECRETS,
        defaults=(defaults.secret,),
        rules=(rules.secret,),
        fields={"type": read("type")},
    ),
    _CORE.namespaced(
        "serviceaccounts",
        "ServiceAccount",
        returns_deleted=True,
        short_names=("sa",),
        subresources=(_TOKEN,),
        columns=columns.SERVICE_ACCOUNTS,
    ),
)
