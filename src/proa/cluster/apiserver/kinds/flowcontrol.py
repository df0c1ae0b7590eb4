"""flowcontrol.apiserver.k8s.io: whose requests are served first."""

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group

_FLOW_CONTROL = Group("flowcontrol.apiserver.k8s.io")

KINDS = (
    _FLOW_CONTROL.cluster_wide(
        "flowschemas",
        "FlowSchema",
        status_alone=True,
        subresources=(STATUS,),
        columns=columns.FLOW_SCHEMAS,
        defaults=(defaults.flow_schema,),
        first_status=status.empty,
        generation=True,
    ),
    _FLOW_CONTROL.cluster_wide(
        "prioritylevelconfigurations",
        "PriorityLevelConfiguration",
        status_alone=True,
        subresources=(STATUS,),
        columns=columns.PRIORITY_LEVELS,
        first_status=status.empty,
        generation=True,
    ),
)
