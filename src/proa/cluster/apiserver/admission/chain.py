"""The order in which the parts of admission see a request.

Source: apiserver pkg/admission/{chain,reinvocation}.go; kubernetes.io, admission controllers.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from proa.cluster.apiserver.admission.request import Operation, Request
from proa.cluster.apiserver.admission.steps import LimitedStep, Step
from proa.cluster.apiserver.view import View
from proa.errors import ApiError

AsyncStep = Callable[[Request, View], Awaitable[None]]
"""May have to ask or to wait; changes the object by `request.replace`, or raises an ApiError."""


_REMEMBERED = 4096


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The steps by stage, in the order of the stages.

    Between `completing` and `validating` the object is checked against the rules of its kind.
    """

    mutating: Sequence[Step] = ()
    """Built-in, may change the object. A name that is generated is not there yet."""
    mutators: Sequence[AsyncStep] = ()
    """Policies, then webhooks, may replace the object.

    Run once more when one of them did; then each asks only those that want to be asked again and do not
    know the object (`request.invoked`).
    """
    completing: Sequence[Step] = ()
    """What the server itself adds to an object that has its name: reservations are undone on failure."""
    validating: Sequence[Step] = ()
    """Built-in, only say no."""
    validators: Sequence[AsyncStep] = ()
    """Policies, then webhooks, only say no."""
    final: Sequence[Step] = ()
    """What is counted when nothing else can say no."""

    def concerning(self, operation: Operation, kind: str, subresource: str) -> Chain:
        """The part that is about requests for a kind (`pods`, `deployments.apps`)."""
        stages = {
            name: tuple(
                step
                for step in getattr(self, name)
                if not isinstance(step, LimitedStep) or step.concerns(operation, kind, subresource)
            )
            for name in ("mutating", "completing", "validating", "final")
        }
        return replace(self, **stages)


class Admission:
    """A chain over one view of the present."""

    def __init__(self, view: View, chain: Chain) -> None:
        self._view = view
        self._concerning = lru_cache(_REMEMBERED)(chain.concerning)

    def _chain(self, request: Request) -> Chain:
        target = request.target
        return self._concerning(request.operation, target.qualified, target.subresource)

    async def mutate(self, request: Request) -> None:
        """Let the mutating steps change the object. Raises ApiError, with what was warned of so far."""
        try:
            chain = self._chain(request)
            self._mutate(chain, request)
            for mutator in chain.mutators:
                await mutator(request, self._view)
            if request.version:
                await self._mutate_again(chain, request)
        except ApiError as error:
            error.warnings = request.warnings
            raise

    def _mutate(self, chain: Chain, request: Request) -> None:
        for step in chain.mutating:
            step(request, self._view)

    async def _mutate_again(self, chain: Chain, request: Request) -> None:
        """A second round, once, after a mutator changed the object."""
        before = copy.deepcopy(request.obj)
        self._mutate(chain, request)
        if request.obj != before:
            request.version += 1
        request.round = 1
        for mutator in chain.mutators:
            await mutator(request, self._view)

    def complete(self, request: Request) -> None:
        """Give the object what the server adds. Raises ApiError."""
        for step in self._chain(request).completing:
            step(request, self._view)

    async def validate(self, request: Request) -> None:
        """Hear everyone who may refuse. Raises ApiError, with what was warned of so far."""
        try:
            chain = self._chain(request)
            for step in chain.validating:
                step(request, self._view)
            for validator in chain.validators:
                await validator(request, self._view)
            for step in chain.final:
                step(request, self._view)
        except ApiError as error:
            error.warnings = request.warnings
            raise

    async def admit(self, request: Request) -> None:
        """All stages, for a request that has no rules of its own between them. Raises ApiError."""
        await self.mutate(request)
        self.complete(request)
        await self.validate(request)
