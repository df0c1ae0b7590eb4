"""batch: pods that run to completion."""

from proa.cluster.apiserver.kind import STATUS, Group

_BATCH = Group("batch")

KINDS = (
    _BATCH.namespaced(
        "cronjobs",
        "CronJob",
        short_names=("cj",),
        categories=("all",),
        subresources=(STATUS,),
        generation=True,
    ),
    _BATCH.namespaced("jobs", "Job", categories=("all",), subresources=(STATUS,), generation=True),
)
