"""From a request and its answer to audit events (source: audit.k8s.io/v1 Event)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from proa.cluster.apiserver.audit.log import AuditLog
from proa.cluster.apiserver.audit.policy import Level, Policy, Verdict
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.identity import User
from proa.kube.resources import Object

_encode = msgspec.json.Encoder().encode
DECISION, REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"


@dataclass(slots=True)
class Record:
    """What is known of one audited request, so far."""

    verdict: Verdict
    audit_id: str
    common: dict[str, Any]
    annotations: dict[str, str] = field(default_factory=dict)


class Auditor:
    """Judges requests by a policy and logs their stages."""

    def __init__(self, policy: Policy, log: AuditLog) -> None:
        self._policy = policy
        self._log = log

    def begin(
        self,
        user: User,
        action: Action,
        *,
        version: str,
        uri: str,
        source: str,
        agent: str,
        audit_id: str = "",
    ) -> Record | None:
        """Log that a request came; None when nothing of it is to be logged."""
        verdict = self._policy.judge(user, action)
        if verdict.level is Level.None_:
            return None
        audit_id = audit_id or str(uuid.uuid4())
        common: dict[str, Any] = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": verdict.level.text,
            "auditID": audit_id,
            "stage": "RequestReceived",
            "requestURI": uri,
            "verb": action.verb,
            "user": user.info(),
            "sourceIPs": [source],
            "userAgent": agent,
            "requestReceivedTimestamp": _now(),
        }
        if not action.path:
            common["objectRef"] = _reference(action, version)
        record = Record(verdict, audit_id, common)
        self._emit(record, "RequestReceived")
        return record

    def impersonated(self, record: Record, user: User) -> None:
        """Note whom the user acts as."""
        record.common["impersonatedUser"] = user.info()

    def started(self, record: Record, code: int) -> None:
        """Log that an answer without an end begins."""
        self._emit(record, "ResponseStarted", responseStatus={"metadata": {}, "code": code})

    def complete(
        self, record: Record, code: int, request: Object | None, response: bytes, *, panic: bool = False
    ) -> None:
        """Log how a request ended, with what the level asks for of the bodies."""
        more: dict[str, Any] = {"responseStatus": _status(code, response)}
        if record.verdict.level >= Level.Request and request is not None:
            more["requestObject"] = self._shown(record, request)
        if record.verdict.level >= Level.RequestResponse and response.startswith(b"{"):
            more["responseObject"] = self._shown(record, msgspec.json.decode(response))
        self._emit(record, "Panic" if panic else "ResponseComplete", **more)

    @property
    def lost(self) -> int:
        """Events that the disk did not take."""
        return self._log.lost

    def close(self) -> None:
        """Write all that is queued. Waits."""
        self._log.close()

    def _shown(self, record: Record, obj: Object) -> Object:
        if record.verdict.omit_managed_fields:
            for each in _objects(obj):
                (each.get("metadata") or {}).pop("managedFields", None)
        return obj

    def _emit(self, record: Record, stage: str, **more: Any) -> None:
        if stage in record.verdict.omit_stages:
            return
        event = {**record.common, **more, "stage": stage, "stageTimestamp": _now()}
        if record.annotations:
            event["annotations"] = record.annotations
        self._log.write(_encode(event))


def _objects(obj: Object) -> Iterable[Object]:
    items = obj.get("items")
    return [obj, *items] if isinstance(items, list) else [obj]


def _reference(action: Action, version: str) -> dict[str, str]:
    fields = {
        "resource": action.resource,
        "namespace": action.namespace,
        "name": action.name,
        "apiGroup": action.group,
        "apiVersion": version,
        "subresource": action.subresource,
    }
    return {name: value for name, value in fields.items() if value}


def _status(code: int, response: bytes) -> dict[str, Any]:
    """The answer's code, and of a failure its words."""
    status: dict[str, Any] = {"metadata": {}, "code": code}
    if code >= 400 and response.startswith(b"{"):
        body = msgspec.json.decode(response)
        status |= {name: body[name] for name in ("status", "message", "reason", "details") if name in body}
    return status


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
