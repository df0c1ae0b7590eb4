"""autoscaling: horizontal pod autoscalers."""

from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("autoscaling", "v2").namespaced(
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=(STATUS,),
    ),
)
