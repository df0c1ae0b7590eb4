"""Kinds that make pods."""

from __future__ import annotations

import datetime as dt

from proa.cluster.apiserver.columns.column import (
    AGE,
    NAME,
    NONE,
    CellReader,
    Column,
    age_cell,
    field,
    flag,
    labels_text,
    length,
    number,
    since,
    text,
)
from proa.cluster.apiserver.columns.duration import human_duration
from proa.kube.meta import condition_is_true, controller_of, is_deleting, parse_time
from proa.kube.resources import Object
from proa.kube.selectors import format_selector

_TEMPLATE = ("spec", "template")
_JOB_STATES = (
    ("Complete", "Complete"),
    ("Failed", "Failed"),
    ("", "Terminating"),
    ("Suspended", "Suspended"),
    ("FailureTarget", "FailureTarget"),
    ("SuccessCriteriaMet", "SuccessCriteriaMet"),
)
"""Condition and word, the first that holds; the empty one stands for being deleted."""


def _containers(key: str, *path: str) -> CellReader:
    def cell(obj: Object, _now: dt.datetime) -> str:
        containers = field(obj, *path, "spec", "containers") or ()
        return ",".join(str(container.get(key, "")) for container in containers)

    return cell


def _selector(*path: str) -> CellReader:
    return lambda obj, _now: format_selector(field(obj, *path)) or NONE


def _contents(*path: str, wide: bool = True) -> tuple[Column, Column]:
    """The containers and images of a pod template."""
    names, images = _containers("name", *path), _containers("image", *path)
    return Column("Containers", names, wide), Column("Images", images, wide)


_SELECTOR = Column("Selector", _selector("spec", "selector"), wide=True)


def _ready(obj: Object, _now: dt.datetime) -> str:
    return f"{field(obj, 'status', 'readyReplicas') or 0}/{field(obj, 'spec', 'replicas') or 0}"


DEPLOYMENTS = (
    NAME,
    Column("Ready", _ready),
    Column("Up-to-date", number("", "status", "updatedReplicas").cell),
    Column("Available", number("", "status", "availableReplicas").cell),
    AGE,
    *_contents(*_TEMPLATE),
    _SELECTOR,
)

_REPLICAS = (
    NAME,
    number("Desired", "spec", "replicas"),
    number("Current", "status", "replicas"),
    number("Ready", "status", "readyReplicas"),
    AGE,
    *_contents(*_TEMPLATE),
)
REPLICA_SETS = (*_REPLICAS, _SELECTOR)
REPLICATION_CONTROLLERS = (
    *_REPLICAS,
    Column("Selector", lambda obj, _now: labels_text(field(obj, "spec", "selector")), wide=True),
)

STATEFUL_SETS = (NAME, Column("Ready", _ready), AGE, *_contents(*_TEMPLATE))

DAEMON_SETS = (
    NAME,
    number("Desired", "status", "desiredNumberScheduled"),
    number("Current", "status", "currentNumberScheduled"),
    number("Ready", "status", "numberReady"),
    number("Up-to-date", "status", "updatedNumberScheduled"),
    number("Available", "status", "numberAvailable"),
    Column("Node Selector", lambda obj, _now: labels_text(field(obj, *_TEMPLATE, "spec", "nodeSelector"))),
    AGE,
    *_contents(*_TEMPLATE),
    _SELECTOR,
)


def _completions(job: Object, _now: dt.datetime) -> str:
    succeeded, wanted = field(job, "status", "succeeded") or 0, field(job, "spec", "completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = field(job, "spec", "parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: Object, now: dt.datetime) -> str:
    start, end = field(job, "status", "startTime"), field(job, "status", "completionTime")
    if not start:
        return ""
    return human_duration((parse_time(end) if end else now) - parse_time(start))


def _job_status(job: Object, _now: dt.datetime) -> str:
    for condition, word in _JOB_STATES:
        if condition_is_true(job, condition) if condition else is_deleting(job):
            return word
    return "Running"


JOBS = (
    NAME,
    Column("Status", _job_status),
    Column("Completions", _completions),
    Column("Duration", _duration),
    AGE,
    *_contents(*_TEMPLATE),
    _SELECTOR,
)


def _last_schedule(obj: Object, now: dt.datetime) -> str:
    last = field(obj, "status", "lastScheduleTime")
    return since(last, now) if last else NONE


CRON_JOBS = (
    NAME,
    text("Schedule", "spec", "schedule"),
    text("Timezone", "spec", "timeZone", absent=NONE),
    Column("Suspend", lambda obj, now: str(flag("", "spec", "suspend").cell(obj, now)), type="boolean"),
    length("Active", "status", "active"),
    Column("Last Schedule", _last_schedule),
    AGE,
    *_contents("spec", "jobTemplate", *_TEMPLATE),
    Column("Selector", _selector("spec", "jobTemplate", "spec", "selector"), wide=True),
)

POD_TEMPLATES = (
    NAME,
    *_contents("template", wide=False),
    Column("Pod Labels", lambda obj, _now: labels_text(field(obj, "template", "metadata", "labels"))),
)


def _controller(obj: Object, _now: dt.datetime) -> str:
    owner = controller_of(obj)
    if owner is None:
        return NONE
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}{f'.{group}' if group else ''}/{owner['name']}"


CONTROLLER_REVISIONS = (
    NAME,
    Column("Controller", _controller),
    Column("Revision", number("", "revision").cell),
    Column("Age", age_cell),
)
