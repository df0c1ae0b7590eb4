"""What is decided about a write beyond its kind's own rules: small steps, in a fixed order.

A step is a function of (request, view): it may change `request.obj`, or raise an ApiError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from proa.cluster.apiserver.admission import namespaces, pods, volumes
from proa.cluster.apiserver.admission.request import Operation, Request
from proa.cluster.apiserver.view import View

Step = Callable[[Request, View], None]

STEPS: tuple[Step, ...] = (
    namespaces.admit,
    pods.admit_service_account,
    pods.admit_tolerations,
    pods.admit_priority,
    volumes.admit_default_class,
    volumes.admit_protection,
)


class Admission:
    """The chain of steps over one view of the present."""

    def __init__(self, view: View, steps: Sequence[Step] = STEPS) -> None:
        self._view = view
        self._steps = steps

    def admit(self, request: Request) -> None:
        """Run every step. Raises ApiError."""
        for step in self._steps:
            step(request, self._view)


__all__ = ["STEPS", "Admission", "Operation", "Request", "Step"]
