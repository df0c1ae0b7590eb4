"""autoscaling: horizontal pod autoscalers."""

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("autoscaling", "v2").namespaced(
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=(STATUS,),
        columns=columns.AUTOSCALERS,
        defaults=(defaults.horizontal_pod_autoscaler,),
        first_status=status.autoscaler,
        generation=True,
    ),
)
