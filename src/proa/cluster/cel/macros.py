"""The macros: calls whose arguments are expressions over a variable.

Source: CEL's standard macros, two-variable comprehensions, optional types and lists extensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from proa.cluster.cel import nodes
from proa.cluster.cel.nodes import Node

Report = Callable[[int, str], Node]
"""Notes a problem at an offset; gives the node that stands in for what is broken."""

_QUANTIFIERS: dict[str, nodes.Macro] = {
    "all": "all",
    "exists": "exists",
    "exists_one": "exists_one",
    "existsOne": "exists_one",
}
_TRANSFORMS: dict[str, nodes.Macro] = {
    "transformList": "map",
    "transformMap": "transformMap",
    "transformMapEntry": "transformMapEntry",
}
_ACCUMULATORS = ("@result", "__result__")


def expand(report: Report, offset: int, name: str, target: Node | None, args: Sequence[Node]) -> Node | None:
    """What a call stands for, or None when it is an ordinary call."""
    if target is None:
        return _presence(report, offset, args[0]) if name == "has" and len(args) == 1 else None
    if name in _QUANTIFIERS and len(args) in (2, 3):
        variables = _names(report, args[:-1], "argument must be a simple name")
        return _fold(offset, _QUANTIFIERS[name], target, variables, args[-1], None)
    if name in _TRANSFORMS and len(args) in (3, 4):
        variables = _names(report, args[:2], "argument must be a simple name")
        predicate = args[2] if len(args) == 4 else None
        return _fold(offset, _TRANSFORMS[name], target, variables, predicate, args[-1])
    if (name == "map" and len(args) in (2, 3)) or (name == "filter" and len(args) == 2):
        variables = _names(report, args[:1], "argument is not an identifier")
        if name == "filter":
            return _fold(offset, "filter", target, variables, args[1], None)
        predicate = args[1] if len(args) == 3 else None
        return _fold(offset, "map", target, variables, predicate, args[-1])
    return _single_value_macro(report, offset, name, target, args)


def _single_value_macro(
    report: Report, offset: int, name: str, target: Node, args: Sequence[Node]
) -> Node | None:
    if len(args) != 2:
        return None
    if name in ("optMap", "optFlatMap"):
        if not isinstance(args[0], nodes.Ident):
            return report(args[0].offset, f"{name}() variable name must be a simple identifier")
        return nodes.OptionalMap(offset, target, args[0].name, args[1], name == "optFlatMap")
    if name == "sortBy":
        if not isinstance(args[0], nodes.Ident):
            return report(args[0].offset, "argument must be a simple name")
        return nodes.SortBy(offset, target, args[0].name, args[1])
    return None


def _presence(report: Report, offset: int, argument: Node) -> Node:
    if isinstance(argument, nodes.Select) and not argument.optional and not argument.presence:
        return nodes.Select(offset, argument.operand, argument.field, presence=True)
    return report(argument.offset, "invalid argument to has() macro")


def _names(report: Report, args: Sequence[Node], complaint: str) -> tuple[str, ...] | Node:
    names = []
    for arg in args:
        if not isinstance(arg, nodes.Ident):
            return report(arg.offset, complaint)
        if arg.name in _ACCUMULATORS:
            return report(arg.offset, "iteration variable overwrites accumulator variable")
        names.append(arg.name)
    if len(names) == 2 and names[0] == names[1]:
        return report(args[1].offset, f"duplicate variable name: {names[0]}")
    return tuple(names)


def _fold(
    offset: int,
    macro: nodes.Macro,
    over: Node,
    variables: tuple[str, ...] | Node,
    predicate: Node | None,
    transform: Node | None,
) -> Node:
    if isinstance(variables, Node):
        return variables
    return nodes.Comprehension(offset, macro, over, variables, predicate, transform)
