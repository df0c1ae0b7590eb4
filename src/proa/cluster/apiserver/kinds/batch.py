"""batch: pods that run to completion."""

from proa.cluster.apiserver.columns import workloads as columns
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.defaults import workloads as defaults
from proa.cluster.apiserver.kind import STATUS, Group, read
from proa.cluster.apiserver.validation import workloads as rules

_BATCH = Group("batch")

KINDS = (
    _BATCH.namespaced(
        "cronjobs",
        "CronJob",
        short_names=("cj",),
        categories=("all",),
        subresources=(STATUS,),
        columns=columns.CRON_JOBS,
        defaults=(defaults.cron_job,),
        rules=(rules.cron_job,),
        first_status=status.empty,
        generation=True,
    ),
    _BATCH.namespaced(
        "jobs",
        "Job",
        orphans=True,
        categories=("all",),
        subresources=(STATUS,),
        columns=columns.JOBS,
        defaults=(defaults.job,),
        additions=(defaults.select_by_uid,),
        rules=(rules.job,),
        fields={"status.successful": lambda obj: read("status", "succeeded")(obj) or "0"},
        first_status=status.empty,
        generation=True,
    ),
)
