"""What the expressions of one policy may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.apiserver.policies.declarations import composed, variables
from proa.cluster.apiserver.policies.expressions import compile_expression
from proa.cluster.cel import Program, Type


@dataclass
class Scope:
    """What the expressions of one policy may read; grows by each of its variables."""

    params: bool
    composed: dict[str, Type] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Scope:
        """With all variables of the policy. Raises ExpressionError."""
        scope = cls(params=bool(spec.get("paramKind")))
        for variable in spec.get("variables") or ():
            scope.add(variable)
        return scope

    def add(self, variable: Mapping[str, Any]) -> None:
        """Declare one more variable. Raises ExpressionError."""
        program = compile_expression(variable["expression"], self.variables(), ())
        self.programs[variable["name"]] = program
        self.composed[variable["name"]] = program.type

    def variables(self, *, authorizer: bool = True) -> dict[str, Type]:
        """The variables with their types."""
        found = variables(params=self.params, authorizer=authorizer)
        if self.composed:
            found["variables"] = composed(dict(self.composed))
        return found
