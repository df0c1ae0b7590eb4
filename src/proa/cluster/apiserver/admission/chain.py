"""The order in which the parts of admission see a request.

Source: apiserver pkg/admission/{chain,reinvocation}.go; kubernetes.io, admission controllers.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.view import View
from proa.errors import ApiError

Step = Callable[[Request, View], None]
"""Decides at once; may change `request.obj` in place where that is allowed, or raise an ApiError."""

AsyncStep = Callable[[Request, View], Awaitable[None]]
"""May have to ask or to wait; changes the object by `request.replace`, or raises an ApiError."""


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


class Admission:
    """A chain over one view of the present."""

    def __init__(self, view: View, chain: Chain) -> None:
        self._view = view
        self._chain = chain

    async def mutate(self, request: Request) -> None:
        """Let the mutating steps change the object. Raises ApiError, with what was warned of so far."""
        try:
            self._mutate(request)
            for mutator in self._chain.mutators:
                await mutator(request, self._view)
            if request.version:
                await self._mutate_again(request)
        except ApiError as error:
            error.warnings = request.warnings
            raise

    def _mutate(self, request: Request) -> None:
        for step in self._chain.mutating:
            step(request, self._view)

    async def _mutate_again(self, request: Request) -> None:
        """A second round, once, after a mutator changed the object."""
        before = copy.deepcopy(request.obj)
        self._mutate(request)
        if request.obj != before:
            request.version += 1
        request.round = 1
        for mutator in self._chain.mutators:
            await mutator(request, self._view)

    def complete(self, request: Request) -> None:
        """Give the object what the server adds. Raises ApiError."""
        for step in self._chain.completing:
            step(request, self._view)

    async def validate(self, request: Request) -> None:
        """Hear everyone who may refuse. Raises ApiError, with what was warned of so far."""
        try:
            for step in self._chain.validating:
                step(request, self._view)
            for validator in self._chain.validators:
                await validator(request, self._view)
            for step in self._chain.final:
                step(request, self._view)
        except ApiError as error:
            error.warnings = request.warnings
            raise

    async def admit(self, request: Request) -> None:
        """All stages, for a request that has no rules of its own between them. Raises ApiError."""
        await self.mutate(request)
        self.complete(request)
        await self.validate(request)
