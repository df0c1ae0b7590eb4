"""Compiling the expressions of a policy, with the results that are allowed where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proa.cluster import cel
from proa.cluster.cel import Program, Type
from proa.cluster.cel.checker import TypeFinder
from proa.cluster.cel.functions import LIBRARY, Library
from proa.errors import ProaError


class ExpressionError(ProaError):
    """The expression does not compile, or gives something else than is wanted there; upstream's words."""


def compile_expression(
    text: str,
    variables: Mapping[str, Type],
    results: Sequence[Type],
    *,
    library: Library = LIBRARY,
    find_type: TypeFinder = lambda _name: None,
) -> Program:
    """The program; no `results` allow any. Raises ExpressionError."""
    try:
        program = cel.compile(text, variables, library=library, find_type=find_type)
    except cel.CompileError as error:
        raise ExpressionError(f"compilation failed: {error}") from None
    if results and program.type not in results:
        wanted = f"one of [{' '.join(map(_name, results))}]" if len(results) > 1 else _name(results[0])
        raise ExpressionError(f"must evaluate to {wanted} but got {_name(program.type)}")
    return program


def _name(given: Type) -> str:
    return "null_type" if given.kind == "null" else str(given)
