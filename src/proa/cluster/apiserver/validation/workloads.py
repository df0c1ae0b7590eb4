"""Kinds that make pods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    unsupported,
)
from proa.cluster.apiserver.validation.common import (
    elements,
    immutable,
    non_negative,
    of_spec,
    one_of,
    path,
    selector,
    selects,
)
from proa.cluster.apiserver.validation.cron import schedule_problem, time_zone_problem
from proa.cluster.apiserver.validation.pods import pod_template
from proa.cluster.apiserver.validation.storage import claim_spec
from proa.kube.resources import Object

_PERCENT = re.compile(r"[0-9]{1,18}%")
_COUNTS = ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
_MISMATCH = "`selector` does not match template `labels`"


@of_spec
def deployment(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """Deployment."""
    spec = obj.get("spec") or {}
    yield from _counts(spec)
    yield from _selected_template(spec, "deployment")
    yield from _rolling(spec.get("strategy") or {})
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds") or 0
    if deadline is not None and deadline <= ready:
        yield invalid_value("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    yield from immutable(obj, old, "spec", "selector")


@of_spec
def replica_set(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """ReplicaSet."""
    spec = obj.get("spec") or {}
    yield from _counts(spec)
    yield from _selected_template(spec, "deployment")
    yield from immutable(obj, old, "spec", "selector")


@of_spec
def replication_controller(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """ReplicationController; its selector is a plain map."""
    spec = obj.get("spec") or {}
    yield from _counts(spec)
    if not spec.get("selector"):
        yield required("spec.selector")
    if not spec.get("template"):
        yield required("spec.template")
        return
    if not selects({"matchLabels": spec.get("selector")}, path(spec, "template", "metadata", "labels")):
        labels = path(spec, "template", "metadata", "labels") or {}
        yield invalid_value("spec.template.metadata.labels", labels, _MISMATCH)
    yield from pod_template("spec.template", spec["template"])


@of_spec
def daemon_set(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """DaemonSet."""
    spec = obj.get("spec") or {}
    yield from _counts(spec)
    yield from _selected_template(spec, "daemonset")
    strategy = path(spec, "updateStrategy", "type")
    yield from one_of("spec.updateStrategy.type", strategy, ("RollingUpdate", "OnDelete"))
    yield from immutable(obj, old, "spec", "selector")


@of_spec
def stateful_set(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """StatefulSet, with its claim templates."""
    spec = obj.get("spec") or {}
    yield from _counts(spec)
    policy, strategy = spec.get("podManagementPolicy"), spec.get("updateStrategy") or {}
    if policy not in (None, "OrderedReady", "Parallel"):
        yield invalid_value("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    if strategy.get("type") not in (None, "RollingUpdate", "OnDelete"):
        yield invalid_value("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'")
    templates = list(elements(spec, "spec", "volumeClaimTemplates"))
    for at, template in templates:
        yield from claim_spec(f"{at}.spec", template.get("spec") or {})
    claimed = [
        {"name": path(t, "metadata", "name"), "persistentVolumeClaim": {"claimName": "x"}}
        for _, t in templates
    ]
    yield from _selected_template(spec, "statefulset", claimed)
    for name in ("selector", "volumeClaimTemplates", "serviceName", "podManagementPolicy"):
        yield from immutable(obj, old, "spec", name)


@of_spec
def job(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """Job."""
    spec = obj.get("spec") or {}
    yield from _job_spec("spec", spec)
    for name in ("selector", "completionMode"):
        yield from immutable(obj, old, "spec", name)
    if not path(obj, "spec", "suspend"):
        yield from immutable(obj, old, "spec", "template")


@of_spec
def cron_job(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """CronJob."""
    spec = obj.get("spec") or {}
    problem = schedule_problem(spec["schedule"]) if spec.get("schedule") else ""
    if problem:
        yield invalid_value("spec.schedule", spec["schedule"], problem)
    zone = spec.get("timeZone")
    if zone is not None and zone != path(old, "spec", "timeZone") and (problem := time_zone_problem(zone)):
        yield invalid_value("spec.timeZone", zone, problem)
    yield from one_of("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"))
    for name in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from non_negative(f"spec.{name}", spec.get(name))
    yield from _job_spec("spec.jobTemplate.spec", path(spec, "jobTemplate", "spec") or {})


def _job_spec(field: str, spec: Object) -> Iterator[FieldError]:
    for name in (
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ):
        yield from non_negative(f"{field}.{name}", spec.get(name))
    mode = spec.get("completionMode")
    yield from one_of(f"{field}.completionMode", mode, ("Indexed", "NonIndexed"))
    if mode == "Indexed" and spec.get("completions") is None:
        yield required(f"{field}.completions", "when completion mode is Indexed")
    yield from pod_template(f"{field}.template", spec.get("template") or {})
    policy = path(spec, "template", "spec", "restartPolicy")
    if policy == "Always":
        yield required(f"{field}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def _counts(spec: Object) -> Iterator[FieldError]:
    for name in _COUNTS:
        yield from non_negative(f"spec.{name}", spec.get(name))


def _selected_template(spec: Object, kind: str, claimed: list[Object] | None = None) -> Iterator[FieldError]:
    """Selector and template belong together; `claimed` are volumes from elsewhere."""
    chosen, template = spec.get("selector"), spec.get("template") or {}
    labels = path(template, "metadata", "labels") or {}
    yield from selector("spec.selector", chosen)
    if chosen is None:
        yield required("spec.selector")
        yield invalid_value("spec.template.metadata.labels", labels or None, _MISMATCH)
    elif not (chosen.get("matchLabels") or chosen.get("matchExpressions")):
        yield invalid_value("spec.selector", chosen, f"empty selector is invalid for {kind}")
    elif not selects(chosen, labels):
        yield invalid_value("spec.template.metadata.labels", labels, _MISMATCH)
    pod_spec = template.get("spec") or {}
    if claimed:
        names = {volume["name"] for volume in claimed}
        own = [volume for volume in pod_spec.get("volumes") or () if volume.get("name") not in names]
        pod_spec = {**pod_spec, "volumes": [*own, *claimed]}
    yield from pod_template("spec.template", {**template, "spec": pod_spec})
    yield from _always_running(pod_spec, kind)


def _always_running(pod_spec: Object, kind: str) -> Iterator[FieldError]:
    policy = pod_spec.get("restartPolicy")
    if policy in ("OnFailure", "Never"):
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    if pod_spec.get("activeDeadlineSeconds") is not None:
        names = {"deployment": "ReplicaSet", "daemonset": "DaemonSet", "statefulset": "StatefulSet"}
        detail = f"activeDeadlineSeconds in {names[kind]} is not Supported"
        yield forbidden("spec.template.spec.activeDeadlineSeconds", detail)


def _rolling(strategy: Object) -> Iterator[FieldError]:
    field, kind = "spec.strategy", strategy.get("type")
    if kind not in (None, "Recreate", "RollingUpdate"):
        yield unsupported(field, strategy, ("Recreate", "RollingUpdate"))
    update = strategy.get("rollingUpdate")
    if kind == "Recreate" and update is not None:
        detail = "may not be specified when strategy `type` is 'Recreate'"
        yield forbidden(f"{field}.rollingUpdate", detail)
        return
    for name in ("maxUnavailable", "maxSurge"):
        yield from _share(f"{field}.rollingUpdate.{name}", path(update, name))
    most = path(update, "maxUnavailable")
    if isinstance(most, str) and _PERCENT.fullmatch(most) and int(most[:-1]) > 100:
        yield invalid_value(f"{field}.rollingUpdate.maxUnavailable", most, "must not be greater than 100%")
    if all(path(update, name) in (0, "0%") for name in ("maxUnavailable", "maxSurge")):
        detail = "may not be 0 when `maxSurge` is 0"
        yield invalid_value(f"{field}.rollingUpdate.maxUnavailable", path(update, "maxUnavailable"), detail)


def _share(field: str, value: int | str | None) -> Iterator[FieldError]:
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        detail = (
            "a valid percent string must be a numeric string followed by an ending '%' "
            "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
        )
        yield invalid_value(field, value, detail)
    elif isinstance(value, int):
        yield from non_negative(field, value)
