"""What is decided about a request beyond its kind's own rules: steps by stage, in a fixed order."""

from __future__ import annotations

from proa.cluster.apiserver.admission import limits, namespaces, pods, volumes
from proa.cluster.apiserver.admission.annotations import annotate
from proa.cluster.apiserver.admission.chain import Admission, AsyncStep, Chain, Step
from proa.cluster.apiserver.admission.request import Operation, Request

MUTATING: tuple[Step, ...] = (
    namespaces.admit,
    limits.admit_defaults,
    pods.admit_service_account,
    pods.admit_tolerations,
    pods.admit_priority,
    volumes.admit_default_class,
    volumes.admit_protection,
)
COMPLETING: tuple[Step, ...] = (namespaces.complete,)
VALIDATING: tuple[Step, ...] = (limits.admit_bounds,)

__all__ = [
    "COMPLETING",
    "MUTATING",
    "VALIDATING",
    "Admission",
    "AsyncStep",
    "Chain",
    "Operation",
    "Request",
    "Step",
    "annotate",
]
