"""AdmissionReview: what a webhook is sent, and what it may answer. Pure but for the review's uid.

Source: admission.k8s.io/v1; apiserver pkg/admission/plugin/webhook/{request,errors}.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.metadata import new_uid
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.webhooks.rules import namespace_of
from proa.errors import ApiError, BadRequest
from proa.kube.resources import Object, Resource

_GROUP = "admission.k8s.io"
_OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


class BadAnswer(Exception):
    """The answer is no valid AdmissionReview; the text says why, as upstream does."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The request as one webhook sees it: as a resource, with its objects in that version."""

    resource: Resource
    obj: Object | None
    old: Object | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook says."""

    allowed: bool
    patch: list[Any] = field(default_factory=list)
    result: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


def review(request: Request, seen: Seen, version: str) -> Object:
    """The AdmissionReview to send, with a uid of its own."""
    target, shown = request.target, seen.obj if seen.obj is not None else seen.old
    body: Object = {
        "uid": new_uid(),
        "kind": _kind(shown or {}),
        "resource": _address(seen.resource),
        "requestKind": _kind(request.obj),
        "requestResource": _address(target.resource),
        "operation": request.operation,
        "userInfo": request.user.info(),
        "object": seen.obj,
        "oldObject": seen.old,
        "dryRun": request.dry_run,
        "options": _options(request),
    }
    if target.subresource:
        body["subResource"] = body["requestSubResource"] = target.subresource
    if name := request.name:
        body["name"] = name
    if namespace := namespace_of(request):
        body["namespace"] = namespace
    return {"kind": "AdmissionReview", "apiVersion": f"{_GROUP}/{version}", "request": body}


def _kind(obj: Object) -> Object:
    group, _, version = obj.get("apiVersion", "").rpartition("/")
    return {"group": group, "version": version, "kind": obj.get("kind", "")}


def _address(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "resource": resource.plural}


def _options(request: Request) -> Object | None:
    if request.operation not in _OPTIONS:
        return None
    options = request.options
    body: Object = {"kind": _OPTIONS[request.operation], "apiVersion": "meta.k8s.io/v1"}
    if options.dry_run:
        body["dryRun"] = ["All"]
    if isinstance(options, WriteOptions):
        given = {"fieldManager": options.field_manager, "fieldValidation": options.field_validation}
        return body | {name: value for name, value in given.items() if value}
    if options.grace_period_seconds is not None:
        body["gracePeriodSeconds"] = options.grace_period_seconds
    if options.propagation:
        body["propagationPolicy"] = options.propagation
    conditions = {"uid": options.uid, "resourceVersion": options.resource_version}
    if any(conditions.values()):
        body["preconditions"] = {name: value for name, value in conditions.items() if value}
    return body


def read(answer: Object, asked: Object, mutating: bool) -> Answer:
    """Check an answer against the review that was sent. Raises BadAnswer."""
    response = answer.get("response")
    if not isinstance(response, dict):
        raise BadAnswer("webhook response was absent")
    if asked["apiVersion"] == f"{_GROUP}/v1":
        _check(answer, response, asked, mutating)
    patch = _patch(response) if mutating else []
    return Answer(
        allowed=response.get("allowed") is True,
        patch=patch,
        result=response.get("status") or {},
        warnings=tuple(response.get("warnings") or ()),
        annotations=response.get("auditAnnotations") or {},
    )


def _patch(response: Object) -> list[Any]:
    try:
        operations = msgspec.json.decode(base64.b64decode(response.get("patch") or "W10="))
    except (binascii.Error, msgspec.DecodeError, TypeError) as error:
        raise BadAnswer(f"received undecodable patch in webhook response: {error}") from error
    if not isinstance(operations, list):
        raise BadAnswer("received undecodable patch in webhook response: it is not a list")
    return operations


def _check(answer: Object, response: Object, asked: Object, mutating: bool) -> None:
    uid, given = asked["request"]["uid"], response.get("uid") or ""
    if given != uid:
        raise BadAnswer(f'expected response.uid="{uid}", got "{given}"')
    group, _, version = str(answer.get("apiVersion") or "").rpartition("/")
    found = f"{group}/{version}, Kind={answer.get('kind') or ''}"
    if found != f"{_GROUP}/v1, Kind=AdmissionReview":
        raise BadAnswer(f"expected webhook response of {_GROUP}/v1, Kind=AdmissionReview, got {found}")
    patch, kind = response.get("patch"), response.get("patchType")
    if not mutating and (patch or kind is not None):
        what = "patch" if patch else "patchType"
        raise BadAnswer(f"validating webhook may not return response.{what}")
    if patch and kind is None:
        raise BadAnswer("webhook returned response.patch but not response.patchType")
    if kind is not None and not patch:
        raise BadAnswer("webhook returned response.patchType but not response.patch")
    if kind is not None and kind != "JSONPatch":
        raise BadAnswer(f'webhook returned invalid response.patchType of "{kind}"')


class Denied(ApiError):
    """A refusal with the code, reason and details that the webhook chose."""

    def __init__(self, webhook: str, result: Mapping[str, Any]) -> None:
        denied = f'admission webhook "{webhook}" denied the request'
        why = result.get("message") or result.get("reason")
        super().__init__(f"{denied}: {why}" if why else f"{denied} without explanation")
        self._result = result
        self.code = max(int(result.get("code") or 0), BadRequest.code)  # type: ignore[misc] # its own choice

    def status(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self._result.get("reason"),
            "details": self._result.get("details"),
            "code": self.code,
        }
        return {key: value for key, value in body.items() if value is not None}
