"""Steps of admission, and which requests each is about: others do not pass through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from proa.cluster.apiserver.admission.request import Operation, Request
from proa.cluster.apiserver.view import View

Step = Callable[[Request, View], None]
"""Decides at once; may change `request.obj` in place where that is allowed, or raise an ApiError."""


@dataclass(frozen=True)
class LimitedStep:
    """A step that is about some kinds (`pods`, `deployments.apps`), and perhaps only about new objects."""

    decide: Step
    kinds: frozenset[str]
    new: bool

    def __call__(self, request: Request, view: View) -> None:
        self.decide(request, view)

    def concerns(self, operation: Operation, kind: str, subresource: str) -> bool:
        """Whether requests for that are to pass through the step."""
        return kind in self.kinds and (not self.new or (operation == "CREATE" and not subresource))


def about(*kinds: str) -> Callable[[Step], LimitedStep]:
    """Limit a step to what is done with objects of some kinds and their subresources."""
    return lambda step: LimitedStep(step, frozenset(kinds), new=False)


def about_new(*kinds: str) -> Callable[[Step], LimitedStep]:
    """Limit a step to the creation of objects of some kinds."""
    return lambda step: LimitedStep(step, frozenset(kinds), new=True)
