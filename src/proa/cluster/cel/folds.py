"""Compiling the macros over lists and maps.

The costs are those of the loops that cel-go makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from proa.cluster.cel import nodes
from proa.cluster.cel.errors import Failure, no_such_overload
from proa.cluster.cel.frame import LIMIT, SPENT, Frame, Run, charge
from proa.cluster.cel.functions.lists import self_compare_cost, sort_by
from proa.cluster.cel.values import NONE, Optional

if TYPE_CHECKING:
    from proa.cluster.cel.compiler import Compiled, Compiler

Steps = Callable[[Frame], Iterator[None]]
"""Binds the variables of a loop to one element after the other."""

_QUANTIFIER_STEP = {"all": 3, "exists": 4}
_QUANTIFIER_END = {"all": 2, "exists": 3}
"""What it costs to find out that the rest needs no look."""
_APPEND, _INSERT = 12, 3
_RESULT = 1


def compile_fold(compiler: Compiler, node: nodes.Comprehension) -> Compiled:
    """The closure of a macro over a list or a map."""
    over, cost = compiler.compile(node.over)
    slots = compiler.bind(*node.variables)
    predicate = compiler.compile(node.predicate) if node.predicate else None
    transform = compiler.compile(node.transform) if node.transform else None
    compiler.release()
    steps = _stepper(over, slots)
    if node.macro in ("all", "exists"):
        assert predicate is not None
        return _quantifier(steps, predicate, node.macro), cost + _RESULT
    if node.macro == "exists_one":
        assert predicate is not None
        return _exactly_one(steps, predicate), cost + 2
    if node.macro == "filter":
        element = slots[-1]
        transform = (lambda frame: frame[element]), 1
    assert transform is not None
    if node.macro in ("map", "filter"):
        return _mapping(steps, predicate, transform), cost + _RESULT
    key = slots[0] if node.macro == "transformMap" else None
    return _map_making(steps, predicate, transform, key), cost + _RESULT


def _stepper(over: Run, slots: tuple[int, ...]) -> Steps:
    if len(slots) == 1:
        (only,) = slots

        def one(frame: Frame) -> Iterator[None]:
            for item in _elements(over(frame)):
                frame[only] = item
                yield

        return one
    first, second = slots

    def two(frame: Frame) -> Iterator[None]:
        for key, item in _pairs(over(frame)):
            frame[first], frame[second] = key, item
            yield

    return two


def _elements(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, dict)):
        return value
    raise no_such_overload()


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, dict):
        return value.items()
    raise no_such_overload()


def _quantifier(steps: Steps, predicate: Compiled, macro: str) -> Run:
    """`all`, which false decides, or `exists`, which true does; errors count when nothing decides."""
    decisive = macro == "exists"
    test, cost = predicate
    step_cost, end_cost = cost + _QUANTIFIER_STEP[macro], _QUANTIFIER_END[macro]

    def run(frame: Frame) -> Any:
        failure: Failure | None = None
        limit = frame[LIMIT]
        elements = steps(frame)
        for _ in elements:
            frame[SPENT] += step_cost
            if frame[SPENT] > limit:
                charge(frame, 0)
            try:
                value = test(frame)
            except Failure as error:
                failure = error
                continue
            if value is decisive:
                if next(elements, decisive) is None:
                    frame[SPENT] += end_cost
                return decisive
            if type(value) is not bool:
                failure = no_such_overload()
        if failure:
            raise failure
        return not decisive

    return run


def _exactly_one(steps: Steps, predicate: Compiled) -> Run:
    test, cost = predicate

    def run(frame: Frame) -> bool:
        count = 0
        for _ in steps(frame):
            charge(frame, cost)
            if _decided(test(frame)):
                frame[SPENT] += 2
                count += 1
        return count == 1

    return run


def _decided(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise no_such_overload()


def _mapping(steps: Steps, predicate: Compiled | None, transform: Compiled) -> Run:
    make, cost = transform
    step_cost = cost + _APPEND

    def run(frame: Frame) -> list[Any]:
        made = []
        for _ in _filtered(steps, predicate, frame):
            charge(frame, step_cost)
            made.append(make(frame))
        return made

    return run


def _filtered(steps: Steps, predicate: Compiled | None, frame: Frame) -> Iterator[None]:
    if predicate is None:
        yield from steps(frame)
        return
    test, cost = predicate
    for _ in steps(frame):
        charge(frame, cost)
        if _decided(test(frame)):
            yield


def _map_making(steps: Steps, predicate: Compiled | None, transform: Compiled, key: int | None) -> Run:
    make, cost = transform
    step_cost = cost + (_INSERT if key is not None else _INSERT - 1)

    def run(frame: Frame) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for _ in _filtered(steps, predicate, frame):
            charge(frame, step_cost)
            value = make(frame)
            _insert(made, {frame[key]: value} if key is not None else value)
        return made

    return run


def _insert(made: dict[Any, Any], entries: Any) -> None:
    if not isinstance(entries, dict):
        raise no_such_overload()
    for key, value in entries.items():
        if key in made:
            raise Failure(f"insert failed: key {key} already exists")
        made[key] = value


def compile_optional_map(compiler: Compiler, node: nodes.OptionalMap) -> Compiled:
    """The closure of optMap or optFlatMap."""
    target, target_cost = compiler.compile(node.target)
    (slot,) = compiler.bind(node.variable)
    body, body_cost = compiler.compile(node.body)
    compiler.release()
    there_cost = target_cost + body_cost + (1 if node.flat else 2)

    def run(frame: Frame) -> Any:
        before = frame[SPENT]
        value = target(frame)
        looked = frame[SPENT] - before
        if not isinstance(value, Optional):
            raise no_such_overload()
        if not value.present:
            frame[SPENT] += 1
            return NONE
        charge(frame, there_cost + looked)
        frame[slot] = value.value
        return body(frame) if node.flat else Optional(body(frame))

    return run, target_cost + 1


def compile_sort(compiler: Compiler, node: nodes.SortBy) -> Compiled:
    """The closure of sortBy."""
    target, cost = compiler.compile(node.target)
    (slot,) = compiler.bind(node.variable)
    key, key_cost = compiler.compile(node.key)
    compiler.release()

    def run(frame: Frame) -> list[Any]:
        elements = target(frame)
        if not isinstance(elements, list):
            raise no_such_overload()
        keys = []
        for element in elements:
            charge(frame, key_cost + _APPEND)
            frame[slot] = element
            keys.append(key(frame))
        charge(frame, self_compare_cost(keys))
        return sort_by(elements, keys)

    return run, cost + 2 + _RESULT
