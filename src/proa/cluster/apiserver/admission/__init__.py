"""What is decided about a request beyond its kind's own rules: steps by stage, in a fixed order."""

from __future__ import annotations

from proa.cluster.apiserver.admission import (
    limits,
    namespaces,
    pods,
    runtime_classes,
    small_defaults,
    volumes,
)
from proa.cluster.apiserver.admission.annotations import annotate
from proa.cluster.apiserver.admission.chain import Admission, AsyncStep, Chain
from proa.cluster.apiserver.admission.request import Operation, Request
from proa.cluster.apiserver.admission.steps import Step, about, about_new

MUTATING: tuple[Step, ...] = (
    namespaces.admit,
    limits.admit_defaults,
    pods.admit_service_account,
    small_defaults.admit_node_taint,
    pods.admit_priority,
    pods.admit_tolerations,
    volumes.admit_default_class,
    volumes.admit_protection,
    runtime_classes.admit,
    small_defaults.admit_ingress_class,
)
COMPLETING: tuple[Step, ...] = (namespaces.complete,)
VALIDATING: tuple[Step, ...] = (
    limits.admit_bounds,
    small_defaults.admit_growth,
    pods.warn_of_annotations,
)

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
    "about",
    "about_new",
    "annotate",
]
