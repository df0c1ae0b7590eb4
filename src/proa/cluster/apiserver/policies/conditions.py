"""Match conditions of webhooks and policies: expressions that all have to be true.

Source: apiserver, pkg/admission/plugin/webhook/matchconditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from proa.cluster.apiserver.policies.declarations import variables
from proa.cluster.apiserver.policies.expressions import ExpressionError, compile_expression
from proa.cluster.cel import MATCH_CONDITIONS_LIMIT, Budget, EvaluationError, Program
from proa.cluster.cel.types import BOOL
from proa.errors import ProaError


class ConditionFailed(ProaError):
    """A condition has no value, and none is false: whether the failure counts is the failure policy's."""


@lru_cache(4096)
def compiled(expression: str, *, params: bool) -> Program:
    """The program of a condition. Raises ExpressionError."""
    return compile_expression(expression, variables(params=params, authorizer=True), (BOOL,))


def satisfied(
    conditions: Iterable[Mapping[str, str]], values: Mapping[str, Any], *, params: bool = False
) -> bool:
    """Whether all conditions hold. Raises ConditionFailed."""
    budget = Budget(MATCH_CONDITIONS_LIMIT)
    failures = []
    for condition in conditions:
        expression = condition["expression"].strip()
        try:
            if not compiled(expression, params=params).evaluate(values, budget):
                return False
        except (EvaluationError, ExpressionError) as error:
            failures.append(f"expression '{expression}' resulted in error: {error}")
    if failures:
        raise ConditionFailed(failures[0] if len(failures) == 1 else f"[{', '.join(failures)}]")
    return True
