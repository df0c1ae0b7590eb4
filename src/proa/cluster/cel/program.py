"""Compiling and running an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proa.cluster.cel.checker import Checked, Checker, TypeFinder
from proa.cluster.cel.compiler import Compiler
from proa.cluster.cel.conversion import Converter, converter
from proa.cluster.cel.errors import BudgetExhausted, CompileError, EvaluationError, Failure, Problem
from proa.cluster.cel.estimation import Estimator, Sized
from proa.cluster.cel.frame import SPENT, Frame, Run, charge
from proa.cluster.cel.functions import LIBRARY, Library
from proa.cluster.cel.nodes import Node
from proa.cluster.cel.parser import parse
from proa.cluster.cel.types import Type
from proa.cluster.cel.validation import check_literals

CALL_LIMIT = 1_000_000
"""What one evaluation may cost (source: apiserver, pkg/apis/cel)."""

OBJECT_LIMIT = 10_000_000
"""What all rules of one object, or all expressions of one policy, may cost together."""

MATCH_CONDITIONS_LIMIT = 2_500_000
"""What all match conditions of one webhook or policy may cost together."""

_TOO_DEEP = "expression recursion limit exceeded: 250"


class Budget:
    """What several evaluations may cost together."""

    def __init__(self, limit: int = OBJECT_LIMIT) -> None:
        self.remaining = limit

    def spend(self, cost: int) -> None:
        """Take a cost from it. Raises BudgetExhausted when it is more than is left."""
        self.remaining -= cost
        if self.remaining < 0:
            raise BudgetExhausted(
                "validation failed due to running out of cost budget, no further validation rules will be run"
            )


@dataclass(frozen=True, slots=True)
class Input:
    """A variable that a program reads, and where it expects it."""

    name: str
    slot: int
    convert: Converter | None


@dataclass(frozen=True)
class Program:
    """An expression that is ready to run."""

    text: str
    type: Type
    """What it evaluates to, as far as that is known beforehand."""
    _run: Run
    _cost: int
    _inputs: tuple[Input, ...]
    _slots: int

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables that it reads."""
        return tuple(given.name for given in self._inputs)

    def evaluate(self, values: Mapping[str, Any], budget: Budget | None = None) -> Any:
        """The value, for the values of the variables (JSON, or those of proa.cluster.cel.values).

        Raises EvaluationError: Failure when there is no value, Cancelled when it costs more than
        one evaluation may, BudgetExhausted when the budget does not suffice.
        """
        frame: Frame = [self._cost, CALL_LIMIT, *([None] * self._slots)]
        try:
            for given in self._inputs:
                value = _given(values, given.name)
                frame[given.slot] = given.convert(value) if given.convert else value
            value = self._run(frame)
            charge(frame, 0)
            return value
        except RecursionError:
            raise EvaluationError(_TOO_DEEP) from None
        finally:
            if budget is not None:
                budget.spend(frame[SPENT])


def _given(values: Mapping[str, Any], name: str) -> Any:
    try:
        return values[name]
    except KeyError:
        raise Failure(f"no such attribute(s): {name}") from None


def compile_expression(
    text: str,
    variables: Mapping[str, Type],
    *,
    library: Library = LIBRARY,
    find_type: TypeFinder = lambda _name: None,
) -> Program:
    """A program for an expression over variables of the given types.

    `library` holds the functions, `find_type` the object types that `Name{...}` may make.
    Raises CompileError, whose message shows each problem under its place in the text.
    """
    try:
        tree, checked = _checked(text, Checker(variables, library, find_type))
        compiler = Compiler(checked)
        compiler.declare(variables)
        run, cost = compiler.compile(tree)
    except RecursionError:
        raise CompileError(text, [Problem(-1, _TOO_DEEP)]) from None
    inputs = tuple(Input(name, slot, converter(variables[name])) for name, slot in compiler.inputs.items())
    return Program(text, checked.types[tree], run, cost, inputs, compiler.slots)


def estimated_cost(text: str, variables: Mapping[str, Type], sizes: Sized | None) -> int:
    """What an expression that compiles may cost at most; `sizes` are those of each variable's value."""
    tree, checked = _checked(text, Checker(variables, LIBRARY, lambda _name: None))
    return Estimator(checked, sizes).cost(tree).most


def _checked(text: str, checker: Checker) -> tuple[Node, Checked]:
    """The syntax tree and its types. Raises CompileError."""
    tree = parse(text)
    checked = checker.check(tree)
    if problems := checker.problems or check_literals(tree):
        raise CompileError(text, problems)
    return tree, checked
