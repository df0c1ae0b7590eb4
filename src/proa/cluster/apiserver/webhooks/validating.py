"""ValidatingAdmissionWebhook: all webhooks are asked at the same time; each may refuse."""

from __future__ import annotations

import asyncio

from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.asking import Context, ask, failed, note_open, relevant
from proa.cluster.apiserver.webhooks.caller import CallFailed, WebhookCaller
from proa.cluster.apiserver.webhooks.configuration import VALIDATING, Configurations, Webhook
from proa.cluster.apiserver.webhooks.review import Seen
from proa.errors import ApiError

_FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io"


class ValidatingWebhooks:
    """An admission step."""

    def __init__(self, caller: WebhookCaller, context: Context) -> None:
        self._configurations = Configurations(context.view, VALIDATING)
        self._caller = caller
        self._context = context

    async def admit(self, request: Request, _: View) -> None:
        """Raises the first refusal, when all have answered."""
        hooks = self._configurations.webhooks()
        if not hooks:
            return
        asked = [found async for found in relevant(hooks, request, self._context)]
        refusals = await asyncio.gather(
            *(self._refusal(hook, request, seen, index) for index, (hook, seen) in enumerate(asked))
        )
        for refusal in filter(None, refusals):
            raise refusal

    async def _refusal(self, hook: Webhook, request: Request, seen: Seen, index: int) -> ApiError | None:
        try:
            await ask(self._caller, hook, request, seen, mutating=False)
        except CallFailed as error:
            if not hook.ignores_failure:
                return failed(hook, error)
            note_open(hook, error, f"{_FAILED_OPEN}/round_0_index_{index}")
        except ApiError as error:
            return error
        return None
