"""apps: what keeps pods running."""

from proa.cluster.apiserver.columns import workloads as columns
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.defaults import workloads as defaults
from proa.cluster.apiserver.kind import SCALE, STATUS, Group
from proa.cluster.apiserver.validation import workloads as rules

_APPS = Group("apps")

KINDS = (
    _APPS.namespaced("controllerrevisions", "ControllerRevision", columns=columns.CONTROLLER_REVISIONS),
    _APPS.namespaced(
        "daemonsets",
        "DaemonSet",
        short_names=("ds",),
        categories=("all",),
        subresources=(STATUS,),
        columns=columns.DAEMON_SETS,
        defaults=(defaults.daemon_set,),
        rules=(rules.daemon_set,),
        first_status=status.daemon_set,
        generation=True,
    ),
    _APPS.namespaced(
        "deployments",
        "Deployment",
        short_names=("deploy",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        columns=columns.DEPLOYMENTS,
        defaults=(defaults.deployment,),
        rules=(rules.deployment,),
        first_status=status.empty,
        generation=True,
    ),
    _APPS.namespaced(
        "replicasets",
        "ReplicaSet",
        short_names=("rs",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        columns=columns.REPLICA_SETS,
        defaults=(defaults.replica_set,),
        rules=(rules.replica_set,),
        first_status=status.replicas,
        generation=True,
    ),
    _APPS.namespaced(
        "statefulsets",
        "StatefulSet",
        short_names=("sts",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        columns=columns.STATEFUL_SETS,
        defaults=(defaults.stateful_set,),
        rules=(rules.stateful_set,),
        first_status=status.stateful_set,
        generation=True,
    ),
)
