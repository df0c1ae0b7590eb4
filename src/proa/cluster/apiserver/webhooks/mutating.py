"""MutatingAdmissionWebhook: one webhook after the other may change what is written."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.admission import Request, annotate
from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.patch import apply_json_patch
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.asking import Context, ask, failed, internal_error, note_open, relevant
from proa.cluster.apiserver.webhooks.caller import CallFailed, WebhookCaller
from proa.cluster.apiserver.webhooks.configuration import MUTATING, Configurations, Webhook
from proa.cluster.apiserver.webhooks.review import Seen
from proa.errors import ApiError

_MUTATION = "mutation.webhook.admission.k8s.io"


class MutatingWebhooks:
    """An admission step."""

    def __init__(self, caller: WebhookCaller, context: Context) -> None:
        self._configurations = Configurations(context.view, MUTATING)
        self._caller = caller
        self._context = context

    async def admit(self, request: Request, _: View) -> None:
        """Ask the webhooks in order; each sees what those before it made. Raises ApiError."""
        hooks = self._configurations.webhooks()
        if not hooks:
            return
        for index, hook in enumerate(hooks):
            if request.round and not _wants_again(hook, request):
                continue
            async for _hook, seen in relevant((hook,), request, self._context):
                await self._ask(hook, request, seen, f"round_{request.round}_index_{index}")

    async def _ask(self, hook: Webhook, request: Request, seen: Seen, where: str) -> None:
        before = request.version
        try:
            answer = await ask(self._caller, hook, request, seen, mutating=True)
            await self._change(request, hook, seen, answer.patch)
        except CallFailed as error:
            if not hook.ignores_failure:
                raise failed(hook, error) from error
            note_open(hook, error, f"failed-open.{_MUTATION}/{where}")
        finally:
            request.invoked[hook.uid] = request.version
            annotate(f"{_MUTATION}/{where}", _note(hook, request.version != before))

    async def _change(self, request: Request, hook: Webhook, seen: Seen, patch: list[Any]) -> None:
        """Apply a patch to what the webhook saw, and take the result in the version of the request."""
        if not patch:
            return
        if seen.obj is None:
            what = "attempted to modify the object, which is not supported for this operation"
            raise internal_error(f'admission webhook "{hook.name}" {what}')
        try:
            changed = apply_json_patch(seen.obj, patch)
            if changed != seen.obj:
                equivalents = self._context.equivalents
                request.replace(await equivalents.taken(changed, seen.resource, request.target))
        except ApiError as error:
            raise internal_error(error.message) from error


def _wants_again(hook: Webhook, request: Request) -> bool:
    """Whether a webhook that was asked before has to see what others made of the object since."""
    return hook.reinvoked and hook.uid in request.invoked and not request.knows(hook.uid)


def _note(hook: Webhook, mutated: bool) -> str:
    note = {"configuration": hook.configuration, "webhook": hook.name, "mutated": mutated}
    return encode_json(note).decode()
