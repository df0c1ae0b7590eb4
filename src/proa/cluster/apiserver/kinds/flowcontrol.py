"""flowcontrol.apiserver.k8s.io: whose requests are served first."""

from proa.cluster.apiserver.kind import STATUS, Group

_FLOW_CONTROL = Group("flowcontrol.apiserver.k8s.io")

KINDS = (
    _FLOW_CONTROL.cluster_wide("flowschemas", "FlowSchema", subresources=(STATUS,), generation=True),
    _FLOW_CONTROL.cluster_wide(
        "prioritylevelconfigurations", "PriorityLevelConfiguration", subresources=(STATUS,), generation=True
    ),
)
