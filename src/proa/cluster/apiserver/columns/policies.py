"""Access, admission, budgets, priorities, scaling and flow control."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from proa.cluster.apiserver.columns.column import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    UNSET,
    CellReader,
    Column,
    field,
    flag,
    length,
    number,
    shortened,
    text,
)
from proa.cluster.apiserver.columns.duration import human_duration
from proa.kube.meta import condition_is_true, find_condition
from proa.kube.resources import Object
from proa.kube.selectors import format_selector


def _subjects(kind: str) -> CellReader:
    def cell(obj: Object, _now: dt.datetime) -> str:
        subjects = [subject for subject in obj.get("subjects") or () if subject.get("kind") == kind]
        if kind == "ServiceAccount":
            return ", ".join(f"{s.get('namespace', '')}/{s['name']}" for s in subjects)
        return ", ".join(subject["name"] for subject in subjects)

    return cell


ROLE_BINDINGS = (
    NAME,
    Column("Role", lambda obj, _now: f"{field(obj, 'roleRef', 'kind')}/{field(obj, 'roleRef', 'name')}"),
    AGE,
    Column("Users", _subjects("User"), wide=True),
    Column("Groups", _subjects("Group"), wide=True),
    Column("ServiceAccounts", _subjects("ServiceAccount"), wide=True),
)
_CREATED = text("Created At", "metadata", "creationTimestamp")
CREATED = replace(_CREATED, type="date")
CREATED_AT = (NAME, CREATED)

PRIORITY_CLASSES = (
    NAME,
    number("Value", "value"),
    flag("Global-Default", "globalDefault"),
    AGE,
    text("PreemptionPolicy", "preemptionPolicy"),
)


def _amount(name: str) -> CellReader:
    def cell(obj: Object, _now: dt.datetime) -> str:
        value = field(obj, "spec", name)
        return "N/A" if value is None else str(value)

    return cell


DISRUPTION_BUDGETS = (
    NAME,
    Column("Min Available", _amount("minAvailable")),
    Column("Max Unavailable", _amount("maxUnavailable")),
    number("Allowed Disruptions", "status", "disruptionsAllowed"),
    AGE,
)


def _target(obj: Object, _now: dt.datetime) -> str:
    metrics = field(obj, "spec", "metrics") or []
    current = field(obj, "status", "currentMetrics") or []
    padded = current + [{}] * (len(metrics) - len(current))
    return shortened([_metric(*pair) for pair in zip(metrics, padded, strict=False)], 2, NONE, ", ")


def _metric(spec: Object, status: Object) -> str:
    """One metric: what it is, and what it should be."""
    key = str(spec["type"])[:1].lower() + str(spec["type"])[1:]
    wanted = field(spec, key, "target") or {}
    actual = field(status, key, "current") or {}
    name = f"{spec[key]['name']}: " if key in ("resource", "containerResource") else ""
    for field_name, form in (("averageValue", "{}"), ("averageUtilization", "{}%"), ("value", "{}")):
        if wanted.get(field_name) is not None:
            now = actual.get(field_name)
            shown = UNKNOWN if now is None else form.format(now)
            average = " (avg)" if field_name == "averageValue" and key in ("external", "object") else ""
            return f"{name}{shown}/{form.format(wanted[field_name])}{average}"
    return f"{name}{UNKNOWN}/<auto>"


AUTOSCALERS = (
    NAME,
    Column(
        "Reference",
        lambda obj, _now: "/".join(
            str(field(obj, "spec", "scaleTargetRef", key)) for key in ("kind", "name")
        ),
    ),
    Column("Targets", _target),
    text("MinPods", "spec", "minReplicas", absent=UNSET),
    Column("MaxPods", number("", "spec", "maxReplicas").cell),
    Column("Replicas", number("", "status", "currentReplicas").cell),
    AGE,
)


def _request_state(request: Object, _now: dt.datetime) -> str:
    denied, approved = condition_is_true(request, "Denied"), condition_is_true(request, "Approved")
    words = ["Denied" if denied else "Approved" if approved else "Pending"]
    words += ["Failed"] * (find_condition(request, "Failed") is not None)
    words += ["Issued"] * bool(field(request, "status", "certificate"))
    return ",".join(words)


def _requested_duration(request: Object, _now: dt.datetime) -> str:
    seconds = field(request, "spec", "expirationSeconds")
    return NONE if seconds is None else human_duration(dt.timedelta(seconds=seconds))


SIGNING_REQUESTS = (
    NAME,
    AGE,
    text("SignerName", "spec", "signerName", absent=NONE),
    text("Requestor", "spec", "username"),
    Column("RequestedDuration", _requested_duration),
    Column("Condition", _request_state),
)
TRUST_BUNDLES = (NAME, text("SignerName", "spec", "signerName"))

WEBHOOKS = (NAME, length("Webhooks", "webhooks"), AGE)


def _param_kind(obj: Object, _now: dt.datetime) -> str:
    kind = field(obj, "spec", "paramKind")
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else UNSET


def _param_reference(obj: Object, _now: dt.datetime) -> str:
    reference = field(obj, "spec", "paramRef")
    if not reference:
        return UNSET
    if reference.get("name"):
        return f"{reference.get('namespace') or '*'}/{reference['name']}"
    return format_selector(reference["selector"]) if reference.get("selector") is not None else UNSET


VALIDATING_POLICIES = (
    NAME,
    length("Validations", "spec", "validations"),
    Column("ParamKind", _param_kind),
    AGE,
)
MUTATING_POLICIES = (NAME, length("Mutations", "spec", "mutations"), Column("ParamKind", _param_kind), AGE)
POLICY_BINDINGS = (
    NAME,
    text("PolicyName", "spec", "policyName"),
    Column("ParamRef", _param_reference),
    AGE,
)


def _dangling(obj: Object, _now: dt.datetime) -> str:
    condition = find_condition(obj, "Dangling")
    return str(condition["status"]) if condition else "?"


FLOW_SCHEMAS = (
    NAME,
    text("PriorityLevel", "spec", "priorityLevelConfiguration", "name"),
    Column("MatchingPrecedence", number("", "spec", "matchingPrecedence").cell),
    text("DistinguisherMethod", "spec", "distinguisherMethod", "type", absent=NONE),
    AGE,
    Column("MissingPL", _dangling),
)
_QUEUING = ("spec", "limited", "limitResponse", "queuing")
PRIORITY_LEVELS = (
    NAME,
    text("Type", "spec", "type"),
    text("NominalConcurrencyShares", "spec", "limited", "nominalConcurrencyShares", absent=NONE),
    text("Queues", *_QUEUING, "queues", absent=NONE),
    text("HandSize", *_QUEUING, "handSize", absent=NONE),
    text("QueueLengthLimit", *_QUEUING, "queueLengthLimit", absent=NONE),
    AGE,
)
