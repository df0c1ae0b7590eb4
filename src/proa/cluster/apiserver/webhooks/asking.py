"""What mutating and validating webhooks have in common: whether to ask one, and what comes of it.

Source: apiserver pkg/admission/plugin/webhook/{generic,mutating,validating}.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.admission import Request, annotate
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.policies.activation import activation
from proa.cluster.apiserver.policies.conditions import ConditionFailed, satisfied
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks import review
from proa.cluster.apiserver.webhooks.caller import CallFailed, WebhookCaller
from proa.cluster.apiserver.webhooks.configuration import Webhook
from proa.cluster.apiserver.webhooks.equivalents import Equivalents
from proa.cluster.apiserver.webhooks.rules import EXEMPT, matching_resource, namespace_of, selects_object
from proa.errors import ApiError, BadRequest, Forbidden, InternalError, NotFound
from proa.kube.resources import NAMESPACES

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """What it takes to tell which webhooks are asked, and as what each sees a request."""

    view: View
    authorizer: Authorizer
    equivalents: Equivalents


async def relevant(
    hooks: tuple[Webhook, ...], request: Request, context: Context
) -> AsyncIterator[tuple[Webhook, review.Seen]]:
    """The webhooks to ask about a request, and as what each sees it.

    Raises NotFound for its namespace, Forbidden for a match condition that has no value, InternalError for
    an object that cannot be converted.
    """
    if request.target.qualified in EXEMPT:
        return
    for hook in hooks:
        seen = await _seen(hook, request, context)
        if seen is not None and _conditions_hold(hook, request, seen, context.authorizer):
            yield hook, seen


def _conditions_hold(hook: Webhook, request: Request, seen: review.Seen, authorizer: Authorizer) -> bool:
    if not hook.conditions:
        return True
    try:
        return satisfied(hook.conditions, activation(request, seen, None, authorizer))
    except ConditionFailed as error:
        if hook.ignores_failure:
            return False
        about = request.target.of(request.name)
        raise Forbidden(f'{about.qualified} "{about.name}" is forbidden: {error}', about.details()) from None


async def _seen(hook: Webhook, request: Request, context: Context) -> review.Seen | None:
    others = context.equivalents.of(request.target) if hook.equivalent else ()
    resource = matching_resource(hook.rules, request, others)
    if resource is None or not selects_object(hook.objects, request):
        return None
    if not _selects_namespace(hook, request, context.view):
        return None
    return await context.equivalents.seen(request, resource)


def _selects_namespace(hook: Webhook, request: Request, view: View) -> bool:
    """What lies in no namespace is never left out by one."""
    namespace = namespace_of(request)
    if not hook.namespaces.requirements or not (namespace or request.target.resource == NAMESPACES):
        return True
    return hook.namespaces.matches(_namespace_labels(request, namespace, view))


def _namespace_labels(request: Request, name: str, view: View) -> Mapping[str, str]:
    target = request.target
    if target.resource == NAMESPACES and not target.subresource and request.operation in ("CREATE", "UPDATE"):
        return request.obj["metadata"].get("labels") or {}
    entry = view.store.get(object_key(NAMESPACES, name))
    if entry is None:
        raise NotFound(f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})
    return codec.notes(entry).labels


async def ask(
    caller: WebhookCaller, hook: Webhook, request: Request, seen: review.Seen, mutating: bool
) -> review.Answer:
    """The answer of a webhook that allows the request.

    Raises Denied, CallFailed when it cannot be asked or answers nonsense, BadRequest for a dry run that it
    cannot do.
    """
    if request.dry_run and not hook.dry_runs:
        raise BadRequest(f'admission webhook "{hook.name}" does not support dry run')
    if not hook.review_version:
        known = "webhook does not accept known AdmissionReview versions (v1, v1beta1)"
        raise CallFailed(f"could not create admission objects: {known}")
    asked = review.review(request, seen, hook.review_version)
    try:
        answer = review.read(await caller.post(hook.client, asked, hook.seconds), asked, mutating)
    except CallFailed as error:
        raise CallFailed(f"failed to call webhook: {error}") from error
    except review.BadAnswer as error:
        raise CallFailed(f"received invalid webhook response: {error}") from error
    for key, value in answer.annotations.items():
        annotate(f"{hook.name}/{key}", value)
    request.warnings.extend(answer.warnings)
    if not answer.allowed:
        raise review.Denied(hook.name, answer.result)
    return answer


def failed(hook: Webhook, error: CallFailed) -> ApiError:
    """The answer to a client whose write depends on a webhook that cannot be asked."""
    return internal_error(f'failed calling webhook "{hook.name}": {error}')


def internal_error(message: str) -> ApiError:
    """A failure that is nobody's who asked."""
    return InternalError(f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def note_open(hook: Webhook, error: CallFailed, key: str) -> None:
    """Say that a webhook which cannot be asked was passed over."""
    _log.warning("failed calling webhook %s, which may be passed over: %s", hook.name, error)
    annotate(key, hook.name)
