"""CEL, the Common Expression Language, as Kubernetes 1.37 uses it.

    program = cel.compile("self.replicas <= self.maxReplicas", {"self": cel.types.from_schema(schema)})
    program.evaluate({"self": obj}, budget)

Pure: no expression reaches anything but the values it is given.

Source: the CEL language definition; the apiserver's CEL environment for 1.37.
"""

from proa.cluster.cel import types
from proa.cluster.cel.errors import BudgetExhausted, Cancelled, CompileError, EvaluationError, Failure
from proa.cluster.cel.program import (
    CALL_LIMIT,
    MATCH_CONDITIONS_LIMIT,
    OBJECT_LIMIT,
    Budget,
    Program,
    estimated_cost,
)
from proa.cluster.cel.program import compile_expression as compile  # noqa: A004 - the field's word
from proa.cluster.cel.types import Type

__all__ = [
    "CALL_LIMIT",
    "MATCH_CONDITIONS_LIMIT",
    "OBJECT_LIMIT",
    "Budget",
    "BudgetExhausted",
    "Cancelled",
    "CompileError",
    "EvaluationError",
    "Failure",
    "Program",
    "Type",
    "compile",
    "estimated_cost",
    "types",
]
