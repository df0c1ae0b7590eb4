"""The core group (`v1`)."""

from proa.cluster.apiserver.kind import ALL_VERBS, SCALE, STATUS, Group, Subresource, read

_CORE = Group("")
_PROXY_VERBS = ("create", "delete", "get", "patch", "update")
_STREAM_VERBS = ("create", "get")

KINDS = (
    _CORE.namespaced("bindings", "Binding", verbs=("create",)),
    _CORE.cluster_wide("componentstatuses", "ComponentStatus", short_names=("cs",), verbs=("get", "list")),
    _CORE.namespaced("configmaps", "ConfigMap", short_names=("cm",)),
    _CORE.namespaced("endpoints", "Endpoints", short_names=("ep",)),
    _CORE.namespaced("events", "Event", short_names=("ev",)),
    _CORE.namespaced("limitranges", "LimitRange", short_names=("limits",)),
    _CORE.cluster_wide(
        "namespaces",
        "Namespace",
        short_names=("ns",),
        verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
        subresources=(Subresource("finalize", ("update",)), STATUS),
        fields={"status.phase": read("status", "phase")},
    ),
    _CORE.cluster_wide(
        "nodes",
        "Node",
        short_names=("no",),
        subresources=(Subresource("proxy", _PROXY_VERBS, kind="NodeProxyOptions"), STATUS),
        fields={"spec.unschedulable": read("spec", "unschedulable")},
    ),
    _CORE.namespaced(
        "persistentvolumeclaims", "PersistentVolumeClaim", short_names=("pvc",), subresources=(STATUS,)
    ),
    _CORE.cluster_wide("persistentvolumes", "PersistentVolume", short_names=("pv",), subresources=(STATUS,)),
    _CORE.namespaced(
        "pods",
        "Pod",
        short_names=("po",),
        categories=("all",),
        subresources=(
            Subresource("attach", _STREAM_VERBS, kind="PodAttachOptions"),
            Subresource("binding", ("create",), kind="Binding"),
            Subresource("ephemeralcontainers"),
            Subresource("eviction", ("create",), kind="Eviction", group="policy", version="v1"),
            Subresource("exec", _STREAM_VERBS, kind="PodExecOptions"),
            Subresource("log", ("get",)),
            Subresource("portforward", _STREAM_VERBS, kind="PodPortForwardOptions"),
            Subresource("proxy", _PROXY_VERBS, kind="PodProxyOptions"),
            Subresource("resize"),
            STATUS,
        ),
        generation=True,
        fields={
            "spec.nodeName": read("spec", "nodeName"),
            "status.phase": read("status", "phase"),
        },
    ),
    _CORE.namespaced("podtemplates", "PodTemplate"),
    _CORE.namespaced(
        "replicationcontrollers",
        "ReplicationController",
        short_names=("rc",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        generation=True,
    ),
    _CORE.namespaced("resourcequotas", "ResourceQuota", short_names=("quota",), subresources=(STATUS,)),
    _CORE.namespaced("secrets", "Secret", fields={"type": read("type")}),
    _CORE.namespaced(
        "serviceaccounts",
        "ServiceAccount",
        short_names=("sa",),
        subresources=(
            Subresource(
                "token", ("create",), kind="TokenRequest", group="authentication.k8s.io", version="v1"
            ),
        ),
    ),
    _CORE.namespaced(
        "services",
        "Service",
        short_names=("svc",),
        categories=("all",),
        subresources=(Subresource("proxy", _PROXY_VERBS, kind="ServiceProxyOptions"), STATUS),
    ),
)
