"""Kinds that make pods: apps, batch, replication controllers."""

from __future__ import annotations

from proa.cluster.apiserver.defaults.fill import each, fill, fill_empty, part
from proa.cluster.apiserver.defaults.pods import pod_template
from proa.cluster.apiserver.defaults.storage import claim_spec
from proa.kube.resources import Object

_HISTORY = 10
_PROGRESS_DEADLINE_SECONDS = 600
_BACKOFF_LIMIT, _NO_BACKOFF_LIMIT = 6, 2**31 - 1


def deployment(obj: Object) -> None:
    """Deployment."""
    spec = part(obj, "spec")
    fill(
        spec,
        replicas=1,
        revisionHistoryLimit=_HISTORY,
        progressDeadlineSeconds=_PROGRESS_DEADLINE_SECONDS,
    )
    strategy = part(spec, "strategy")
    fill_empty(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(part(strategy, "rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    pod_template(part(spec, "template"))


def replica_set(obj: Object) -> None:
    """ReplicaSet."""
    spec = part(obj, "spec")
    fill(spec, replicas=1)
    if spec.get("template") is not None:
        pod_template(spec["template"])


def replication_controller(obj: Object) -> None:
    """ReplicationController: selector and labels come from the template."""
    replica_set(obj)
    spec = obj["spec"]
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        spec["selector"] = spec.get("selector") or dict(labels)
        obj["metadata"]["labels"] = obj["metadata"].get("labels") or dict(labels)


def daemon_set(obj: Object) -> None:
    """DaemonSet."""
    spec = part(obj, "spec")
    fill(spec, revisionHistoryLimit=_HISTORY)
    strategy = part(spec, "updateStrategy")
    fill_empty(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(part(strategy, "rollingUpdate"), maxUnavailable=1, maxSurge=0)
    pod_template(part(spec, "template"))


def stateful_set(obj: Object) -> None:
    """StatefulSet, with its claim templates."""
    spec = part(obj, "spec")
    fill_empty(spec, podManagementPolicy="OrderedReady")
    fill(spec, serviceName="")
    fill(spec, replicas=1, revisionHistoryLimit=_HISTORY)
    _stateful_strategy(part(spec, "updateStrategy"))
    retention = part(spec, "persistentVolumeClaimRetentionPolicy")
    fill_empty(retention, whenDeleted="Retain", whenScaled="Retain")
    for template in each(spec, "volumeClaimTemplates"):
        fill_empty(template, apiVersion="v1", kind="PersistentVolumeClaim")
        claim_spec(part(template, "spec"))
        fill(part(template, "status"), phase="Pending")
    pod_template(part(spec, "template"))


def _stateful_strategy(strategy: Object) -> None:
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        fill(strategy, rollingUpdate={})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        fill(strategy["rollingUpdate"], partition=0, maxUnavailable=1)


def job(obj: Object) -> None:
    """Job."""
    spec = part(obj, "spec")
    job_spec(spec)
    labels = (spec["template"].get("metadata") or {}).get("labels")
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def select_by_uid(obj: Object) -> None:
    """Job: unless its maker chose a selector, it selects by the uid that it has got."""
    metadata, spec = obj["metadata"], obj["spec"]
    if spec.get("selector") or spec["manualSelector"]:
        return
    uid, name = metadata["uid"], metadata.get("name") or ""
    labels = part(part(spec["template"], "metadata"), "labels")
    as_template = (metadata.get("labels") or {}) == labels
    for prefix in ("", "batch.kubernetes.io/"):
        labels[f"{prefix}controller-uid"] = uid
        labels[f"{prefix}job-name"] = name
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    if as_template:
        metadata["labels"] = dict(labels)


def job_spec(spec: Object) -> None:
    """What a Job fills in of its spec; a CronJob's template keeps it open."""
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    without_limit = spec.get("backoffLimitPerIndex") is not None
    replacement = "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    fill(
        spec,
        parallelism=1,
        backoffLimit=_NO_BACKOFF_LIMIT if without_limit else _BACKOFF_LIMIT,
        completionMode="NonIndexed",
        suspend=False,
        podReplacementPolicy=replacement,
        manualSelector=False,
    )
    _failure_policy(spec.get("podFailurePolicy") or {})
    pod_template(part(spec, "template"))


def _failure_policy(policy: Object) -> None:
    for rule in each(policy, "rules"):
        for pattern in each(rule, "onPodConditions"):
            fill_empty(pattern, status="True")


def cron_job(obj: Object) -> None:
    """CronJob."""
    spec = part(obj, "spec")
    fill_empty(spec, concurrencyPolicy="Allow")
    fill(spec, suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = part(spec, "jobTemplate")
    fill(template, metadata={})
    pod_template(part(part(template, "spec"), "template"))
    _failure_policy(template["spec"].get("podFailurePolicy") or {})


def template_holder(obj: Object) -> None:
    """PodTemplate: the template stands at the top."""
    pod_template(part(obj, "template"))
