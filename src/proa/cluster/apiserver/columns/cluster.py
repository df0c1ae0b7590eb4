"""Namespaces, configuration, events, leases and the rest of the core group."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from proa.cluster.apiserver.columns.column import AGE, NAME, Column, age_cell, field, length, since, text
from proa.kube.resources import Object

NAMESPACES = (NAME, text("Status", "status", "phase"), AGE)
SECRETS = (NAME, text("Type", "type"), Column("Data", length("", "data").cell), AGE)
SERVICE_ACCOUNTS = (NAME, AGE)
LEASES = (NAME, text("Holder", "spec", "holderIdentity"), AGE)
RUNTIME_CLASSES = (NAME, text("Handler", "handler"), AGE)


def _healthy(obj: Object, _now: dt.datetime) -> str:
    return {"True": "Healthy", "False": "Unhealthy"}.get(_condition(obj).get("status", ""), "Unknown")


def _condition(obj: Object) -> Object:
    """Of its health."""
    found = (one for one in obj.get("conditions") or () if one["type"] == "Healthy")
    return next(found, {})


COMPONENT_STATUSES = (
    NAME,
    Column("Status", _healthy),
    Column("Message", lambda obj, _now: str(_condition(obj).get("message") or "")),
    Column("Error", lambda obj, _now: str(_condition(obj).get("error") or "")),
)


def _config_size(obj: Object, _now: dt.datetime) -> int:
    return len(obj.get("data") or ()) + len(obj.get("binaryData") or ())


CONFIG_MAPS = (NAME, Column("Data", _config_size), AGE)


def _first_seen(event: Object, now: dt.datetime) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def _last_seen(event: Object, now: dt.datetime) -> str:
    series = field(event, "series", "lastObservedTime")
    last = series or event.get("lastTimestamp")
    return since(last, now) if last else _first_seen(event, now)


def _subject(event: Object, _now: dt.datetime) -> str:
    involved = event.get("involvedObject") or {}
    kind = str(involved.get("kind", "")).lower()
    return f"{kind}/{involved['name']}" if involved.get("name") else kind


def _source(event: Object, _now: dt.datetime) -> str:
    component = field(event, "source", "component") or event.get("reportingComponent")
    instance = field(event, "source", "host") or event.get("reportingInstance")
    return ", ".join(filter(None, (component, instance)))


def _count(event: Object, _now: dt.datetime) -> int:
    return int(field(event, "series", "count") or event.get("count") or 1)


EVENTS = (
    Column("Last Seen", _last_seen),
    text("Type", "type"),
    text("Reason", "reason"),
    Column("Object", _subject),
    text("Subobject", "involvedObject", "fieldPath", wide=True),
    Column("Source", _source, wide=True),
    Column("Message", lambda obj, _now: str(obj.get("message") or "").strip()),
    Column("First Seen", _first_seen, wide=True),
    Column("Count", _count, wide=True),
    replace(NAME, wide=True),
)


def _quota(obj: Object, *, limits: bool) -> str:
    status = obj.get("status") or {}
    used = status.get("used") or {}
    return ", ".join(
        f"{name}: {used.get(name, '0')}/{hard}"
        for name, hard in sorted((status.get("hard") or {}).items())
        if name.startswith("limits.") == limits
    )


RESOURCE_QUOTAS = (
    NAME,
    Column("Request", lambda obj, _now: _quota(obj, limits=False)),
    Column("Limit", lambda obj, _now: _quota(obj, limits=True)),
    Column("Age", age_cell),
)
