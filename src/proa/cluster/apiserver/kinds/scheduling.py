"""scheduling.k8s.io: priorities."""

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.kind import Group
from proa.cluster.apiserver.validation import policies as rules

KINDS = (
    Group("scheduling.k8s.io").cluster_wide(
        "priorityclasses",
        "PriorityClass",
        short_names=("pc",),
        columns=columns.PRIORITY_CLASSES,
        defaults=(defaults.priority_class,),
        rules=(rules.priority_class,),
        generation=True,
    ),
)
