"""apps: what keeps pods running."""

from proa.cluster.apiserver.kind import SCALE, STATUS, Group

_APPS = Group("apps")

KINDS = (
    _APPS.namespaced("controllerrevisions", "ControllerRevision"),
    _APPS.namespaced(
        "daemonsets",
        "DaemonSet",
        short_names=("ds",),
        categories=("all",),
        subresources=(STATUS,),
        generation=True,
    ),
    _APPS.namespaced(
        "deployments",
        "Deployment",
        short_names=("deploy",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        generation=True,
    ),
    _APPS.namespaced(
        "replicasets",
        "ReplicaSet",
        short_names=("rs",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        generation=True,
    ),
    _APPS.namespaced(
        "statefulsets",
        "StatefulSet",
        short_names=("sts",),
        categories=("all",),
        subresources=(SCALE, STATUS),
        generation=True,
    ),
)
