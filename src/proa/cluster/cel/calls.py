"""Compiling calls: straight to the function where the types leave no choice, else by the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proa.cluster.cel import list_types, nodes
from proa.cluster.cel.errors import no_such_overload
from proa.cluster.cel.frame import SPENT, Frame, Run, charge
from proa.cluster.cel.functions import Overload
from proa.cluster.cel.runtime_types import fitter
from proa.cluster.cel.types import Type
from proa.cluster.cel.values import Duration, Optional, Timestamp, Uint, equal

if TYPE_CHECKING:
    from proa.cluster.cel.compiler import Compiled, Compiler

_DEAR = 1000
"""What costs that much is counted when it happens, so that it counts only then."""

_INDEXING = ("_[_]", "_[?_]")


def compile_call(compiler: Compiler, node: nodes.Call) -> Compiled:
    """The closure of a call."""
    overloads = compiler.checked.overloads[node]
    if node.function in ("or", "orValue") and overloads[0].run.__name__ == "_never":
        return _compile_or(compiler, node)
    operands = _operands(compiler, node)
    if node.function == "@in" and (members := _constant_members(compiler, operands[1])) is not None:
        return _membership(compiler, operands[0], members)
    compiled = [compiler.compile(operand) for operand in operands]
    if node.function in _INDEXING:
        compiled[0] = compiler.compile_operand(operands[0])
        compiled[1] = compiled[1][0], compiled[1][1] - compiler.is_attribute(operands[1])
    runs, cost = [run for run, _cost in compiled], sum(cost for _run, cost in compiled)
    given = [compiler.type_of(operand) for operand in operands]
    if special := list_types.specialize(node.function, given):
        return _direct(special, runs, cost)
    if node.function in _INDEXING:
        return _direct(overloads[0], runs, cost)
    if len(overloads) == 1 and all(map(_is_settled, given, overloads[0].args)):
        return _direct(overloads[0], runs, cost)
    return _dispatched(overloads, runs), cost


def _constant_members(compiler: Compiler, node: nodes.Node) -> list[Any] | None:
    if not isinstance(node, nodes.ListNode) or not node.elements or not compiler.is_constant(node):
        return None
    members = [getattr(element, "value", None) for element in node.elements]
    return members if all(isinstance(member, (str, int)) for member in members) else None


def _membership(compiler: Compiler, node: nodes.Node, members: list[Any]) -> Compiled:
    element, cost = compiler.compile(node)
    texts = frozenset(member for member in members if isinstance(member, str))

    def test(frame: Frame) -> bool:
        value = element(frame)
        return value in texts if isinstance(value, str) else any(equal(value, m) for m in members)

    return test, cost


def _operands(compiler: Compiler, node: nodes.Call) -> list[nodes.Node]:
    if node.target is None or node in compiler.checked.functions:
        return node.args
    return [node.target, *node.args]


def _is_settled(given: Type, declared: Type) -> bool:
    """Whether a value of the static type certainly fits what the function declares."""
    if declared.kind in ("dyn", "param"):
        return True
    if given.kind in ("dyn", "error", "null", "param"):
        return False
    return all(map(_is_settled, given.params, declared.params))


def _direct(overload: Overload, runs: Sequence[Run], cost: int) -> Compiled:
    function, price = overload.run, overload.cost
    if not isinstance(price, int) or price >= _DEAR:
        return _metered(overload, runs), cost
    if len(runs) == 1:
        only = runs[0]
        return (lambda frame: function(only(frame))), cost + price
    if len(runs) == 2:
        first, second = runs
        return (lambda frame: function(first(frame), second(frame))), cost + price
    return (lambda frame: function(*[run(frame) for run in runs])), cost + price


def _metered(overload: Overload, runs: Sequence[Run]) -> Run:
    """A call whose cost hangs on its arguments."""
    function, price = overload.run, overload.cost

    def call(frame: Frame) -> Any:
        args = [run(frame) for run in runs]
        result = function(*args)
        charge(frame, price if isinstance(price, int) else price(args, result))
        return result

    return call


def _dispatched(overloads: Sequence[Overload], runs: Sequence[Run]) -> Run:
    """A call that finds its overload by the values; for scalars it remembers which."""
    candidates = [([fitter(arg) for arg in overload.args], overload) for overload in overloads]
    known: dict[tuple[type, ...], Overload] = {}

    def find(classes: tuple[type, ...], args: Sequence[Any]) -> Overload:
        for tests, overload in candidates:
            if all(test(arg) for test, arg in zip(tests, args, strict=True)):
                if _SCALARS.issuperset(classes):
                    known[classes] = overload
                return overload
        raise no_such_overload()

    def call(frame: Frame) -> Any:
        args = [run(frame) for run in runs]
        classes = tuple(map(type, args))
        overload = known.get(classes) or find(classes, args)
        result = overload.run(*args)
        price = overload.cost
        charge(frame, price if isinstance(price, int) else price(args, result))
        return result

    return call


_SCALARS = frozenset({bool, int, Uint, float, str, bytes, Timestamp, Duration, type(None)})


def _compile_or(compiler: Compiler, node: nodes.Call) -> Compiled:
    assert node.target is not None
    target, cost = compiler.compile(node.target)
    other, other_cost = compiler.compile(node.args[0])
    unwrap = node.function == "orValue"

    def run(frame: Frame) -> Any:
        value = target(frame)
        if not isinstance(value, Optional):
            raise no_such_overload()
        if value.present:
            return value.value if unwrap else value
        frame[SPENT] += other_cost
        return other(frame)

    return run, cost
