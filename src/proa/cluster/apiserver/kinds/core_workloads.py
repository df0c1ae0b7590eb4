"""The core group (`v1`): pods, and what makes them."""

from proa.cluster.apiserver.columns import pods as pod_columns
from proa.cluster.apiserver.columns import workloads as columns
from proa.cluster.apiserver.defaults import label_keys, status
from proa.cluster.apiserver.defaults import pods as pod_defaults
from proa.cluster.apiserver.defaults import workloads as defaults
from proa.cluster.apiserver.kind import SCALE, STATUS, Group, Subresource, read
from proa.cluster.apiserver.validation import pod_update
from proa.cluster.apiserver.validation import pods as pod_rules
from proa.cluster.apiserver.validation import workloads as rules
from proa.kube.resources import Object

_CORE = Group("")
_STREAM = ("create", "get")
_PROXY = ("create", "delete", "get", "patch", "update")

_POD_SUBRESOURCES = (
    Subresource("attach", _STREAM, kind="PodAttachOptions"),
    Subresource("binding", ("create",), kind="Binding"),
    Subresource("ephemeralcontainers"),
    Subresource("eviction", ("create",), kind="Eviction", group="policy", version="v1"),
    Subresource("exec", _STREAM, kind="PodExecOptions"),
    Subresource("log", ("get",)),
    Subresource("portforward", _STREAM, kind="PodPortForwardOptions"),
    Subresource("proxy", _PROXY, kind="PodProxyOptions"),
    Subresource("resize"),
    STATUS,
)


def _pod_ip(obj: Object) -> str:
    addresses = obj.get("status", {}).get("podIPs") or [{}]
    return str(addresses[0].get("ip", ""))


_POD_FIELDS = {
    "spec.nodeName": read("spec", "nodeName"),
    "spec.restartPolicy": read("spec", "restartPolicy"),
    "spec.schedulerName": read("spec", "schedulerName"),
    "spec.serviceAccountName": read("spec", "serviceAccountName"),
    "spec.hostNetwork": lambda obj: read("spec", "hostNetwork")(obj) or "false",
    "status.phase": read("status", "phase"),
    "status.podIP": _pod_ip,
    "status.nominatedNodeName": read("status", "nominatedNodeName"),
}

KINDS = (
    _CORE.namespaced("bindings", "Binding", verbs=("create",)),
    _CORE.namespaced(
        "pods",
        "Pod",
        returns_deleted=True,
        short_names=("po",),
        categories=("all",),
        subresources=_POD_SUBRESOURCES,
        columns=pod_columns.PODS,
        defaults=(pod_defaults.pod,),
        additions=(status.begun_with_object, label_keys.merged),
        rules=(pod_rules.pod, pod_update.immutable),
        fields=_POD_FIELDS,
        first_status=status.pod,
        generation=True,
    ),
    _CORE.namespaced(
        "podtemplates",
        "PodTemplate",
        returns_deleted=True,
        columns=columns.POD_TEMPLATES,
        defaults=(defaults.template_holder,),
        generation=True,
    ),
    _CORE.namespaced(
        "replicationcontrollers",
        "ReplicationController",
        orphans=True,
        short_names=("rc",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        columns=columns.REPLICATION_CONTROLLERS,
        defaults=(defaults.replication_controller,),
        rules=(rules.replication_controller,),
        fields={"status.replicas": lambda obj: read("status", "replicas")(obj) or "0"},
        first_status=status.replicas,
        generation=True,
    ),
)
