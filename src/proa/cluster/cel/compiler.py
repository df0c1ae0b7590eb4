"""From a checked tree to Python closures.

Every part compiles to a closure and the cost that it has in any case. Source of the costs: cel-go's
cost tracker with the options of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proa.cluster.cel import nodes
from proa.cluster.cel.calls import compile_call
from proa.cluster.cel.checker import TYPE_NAMES, Checked
from proa.cluster.cel.conversion import converter
from proa.cluster.cel.errors import Failure, no_such_overload
from proa.cluster.cel.folds import compile_fold, compile_optional_map, compile_sort
from proa.cluster.cel.frame import FIRST_SLOT, SPENT, Frame, Run
from proa.cluster.cel.nodes import Node
from proa.cluster.cel.types import DYN, Type
from proa.cluster.cel.values import NONE, Optional

Compiled = tuple[Run, int]
"""A closure, and the cost that comes with it."""

_LIST_COST, _MAP_COST, _STRUCT_COST = 10, 30, 40
CONVERSIONS = frozenset(
    {"bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"}
)
"""Functions that are called once and for all when their argument is a constant."""


class ObjectValue(dict[str, Any]):
    """A value made by `Name{...}`."""

    def __init__(self, cel_type: Type) -> None:
        super().__init__()
        self.cel_type = cel_type


class Compiler:
    """Compiles one expression; `slots` is how many places of the frame it uses."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._scopes: list[dict[str, int]] = [{}]
        self.slots = 0

    def compile(self, node: Node) -> Compiled:
        """The closure of a node."""
        return self._rules[type(node)](self, node)

    def compile_operand(self, node: Node) -> Compiled:
        """The closure of what is selected from; what was computed costs one more."""
        run, cost = self.compile(node)
        return run, cost + (not is_attribute(node))

    def is_attribute(self, node: Node) -> bool:
        """Whether a node is a variable or a selection from one."""
        return is_attribute(node)

    def type_of(self, node: Node) -> Type:
        """The static type of a node."""
        return self._checked.types.get(node, DYN)

    @property
    def checked(self) -> Checked:
        """What the checker found."""
        return self._checked

    @property
    def inputs(self) -> Mapping[str, int]:
        """The variables that the compiled code reads, and their places in the frame."""
        return self._scopes[0]

    def bind(self, *names: str) -> tuple[int, ...]:
        """Slots for variables that live until `release`."""
        slots = tuple(self._new_slot() for _ in names)
        self._scopes.append(dict(zip(names, slots, strict=True)))
        return slots

    def release(self) -> None:
        """End the life of the variables of the last `bind`."""
        self._scopes.pop()

    def is_constant(self, node: Node) -> bool:
        """Whether a node is a constant, which costs nothing however it is written."""
        if isinstance(node, nodes.Literal_):
            return True
        if isinstance(node, nodes.Call):
            folded = node.function in CONVERSIONS and node.target is None and len(node.args) == 1
            return folded and self.is_constant(node.args[0]) and self._has_value(node)
        if isinstance(node, nodes.ListNode):
            return not node.optional and all(map(self.is_constant, node.elements))
        if isinstance(node, nodes.MapNode):
            return all(
                not entry.optional and self.is_constant(entry.key) and self.is_constant(entry.value)
                for entry in node.entries
            ) and self._has_value(node)
        return False

    def _has_value(self, node: Node) -> bool:
        try:
            self._unfolded(node)[0]([0, _LIST_COST])
        except Failure:
            return False
        return True

    def _unfolded(self, node: Node) -> Compiled:
        if isinstance(node, nodes.MapNode):
            return self._map(node, fold=False)
        assert isinstance(node, nodes.Call)
        return self._dispatch(node, fold=False)

    def _dispatch(self, node: nodes.Call, *, fold: bool = True) -> Compiled:
        if fold and self.is_constant(node):
            constant = compile_call(self, node)[0]([0, _LIST_COST])
            return (lambda _frame: constant), 0
        return compile_call(self, node)

    def _new_slot(self) -> int:
        self.slots += 1
        return FIRST_SLOT + self.slots - 1

    def _literal(self, node: nodes.Literal_) -> Compiled:
        value = node.value
        return (lambda _frame: value), 0

    def _ident(self, node: nodes.Ident) -> Compiled:
        return self._named(self._checked.names[node])

    def _named(self, name: str) -> Compiled:
        for scope in reversed(self._scopes):
            if name in scope:
                return _variable(scope[name]), 1
        if name in TYPE_NAMES and name not in self._globals:
            constant = TYPE_NAMES[name]
            return (lambda _frame: constant), 0
        slot = self._scopes[0][name] = self._new_slot()
        return _variable(slot), 1

    _globals: Mapping[str, Type] = {}

    def declare(self, variables: Mapping[str, Type]) -> None:
        """Which names are variables, even where a type has the same name."""
        self._globals = variables

    def _select(self, node: nodes.Select) -> Compiled:
        if node in self._checked.names:
            return self._named(self._checked.names[node])
        operand, cost = self.compile_operand(node.operand)
        target = self.type_of(node.operand)
        target = target.params[0] if target.is_optional else target
        declared = target.fields.get(node.field) if target.kind == "object" else None
        key = declared.key if declared else node.field
        if node.presence:
            return _presence(operand, key), cost
        convert = converter(declared.type) if declared else None
        if node.optional:
            return _optional_selection(operand, key, convert), cost
        return _selection(operand, key, convert), cost + 1

    def _call(self, node: nodes.Call) -> Compiled:
        if node.function == "_?_:_":
            return self._conditional(node)
        return self._dispatch(node)

    def _conditional(self, node: nodes.Call) -> Compiled:
        (condition, cost), (chosen, chosen_cost), (other, other_cost) = map(self.compile, node.args)
        chosen_cost -= is_attribute(node.args[1])
        other_cost -= is_attribute(node.args[2])

        def run(frame: Frame) -> Any:
            decided = condition(frame)
            if decided is True:
                frame[SPENT] += chosen_cost
                return chosen(frame)
            if decided is False:
                frame[SPENT] += other_cost
                return other(frame)
            raise no_such_overload()

        return run, cost

    def _logic(self, node: nodes.Logic) -> Compiled:
        first, *others = map(self.compile, node.terms)
        terms = [(first[0], 0), *others]
        return _logic(terms, decisive=node.operator == "||"), first[1]

    def _list(self, node: nodes.ListNode) -> Compiled:
        if self.is_constant(node):
            constant = [self.compile(element)[0]([0, _LIST_COST]) for element in node.elements]
            return (lambda _frame: constant), 0
        compiled = [self.compile(element) for element in node.elements]
        cost = sum(cost for _run, cost in compiled) + _LIST_COST
        runs = [run for run, _cost in compiled]
        if not node.optional:
            return (lambda frame: [run(frame) for run in runs]), cost
        return _optional_list(runs, node.optional), cost

    def _map(self, node: nodes.MapNode, *, fold: bool = True) -> Compiled:
        compiled = [(self.compile(e.key), self.compile(e.value), e.optional) for e in node.entries]
        cost = sum(key[1] + value[1] for key, value, _optional in compiled) + _MAP_COST
        entries = [(key[0], value[0], optional) for key, value, optional in compiled]
        run = _map_maker(entries)
        if fold and self.is_constant(node):
            constant = run([0, _LIST_COST])
            return (lambda _frame: constant), 0
        return run, cost

    def _struct(self, node: nodes.Struct) -> Compiled:
        made = self.type_of(node)
        compiled = [(f, self.compile(f.value)) for f in node.fields]
        cost = sum(cost for _field, (_run, cost) in compiled) + _STRUCT_COST
        keys = [made.fields[f.name].key for f in node.fields]
        parts = [(key, run, f.optional) for key, (f, (run, _c)) in zip(keys, compiled, strict=True)]

        def make(frame: Frame) -> ObjectValue:
            value = ObjectValue(made)
            for key, run, optional in parts:
                _set(value, key, run(frame), optional=optional)
            return value

        return make, cost

    def _fold(self, node: nodes.Comprehension) -> Compiled:
        return compile_fold(self, node)

    def _optional_map(self, node: nodes.OptionalMap) -> Compiled:
        return compile_optional_map(self, node)

    def _sort(self, node: nodes.SortBy) -> Compiled:
        return compile_sort(self, node)

    _rules: Mapping[type[Node], Callable[..., Compiled]] = {
        nodes.Literal_: _literal,
        nodes.Ident: _ident,
        nodes.Select: _select,
        nodes.Call: _call,
        nodes.Logic: _logic,
        nodes.ListNode: _list,
        nodes.MapNode: _map,
        nodes.Struct: _struct,
        nodes.Comprehension: _fold,
        nodes.OptionalMap: _optional_map,
        nodes.SortBy: _sort,
    }


def is_attribute(node: Node) -> bool:
    """Whether a node is a variable or a selection from one."""
    if isinstance(node, nodes.Call):
        return node.function in ("_[_]", "_[?_]")
    return isinstance(node, (nodes.Ident, nodes.Select)) and not getattr(node, "presence", False)


def _variable(slot: int) -> Run:
    return lambda frame: frame[slot]


def _selection(operand: Run, key: str, convert: Callable[[Any], Any] | None) -> Run:
    def select(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is dict and key in value:
            return value[key]
        return _select_slowly(value, key)

    if convert is None:
        return select

    def select_converted(frame: Frame) -> Any:
        value = select(frame)
        return Optional(convert(value.value)) if _is_present(value) else convert(value)

    return select_converted


def _is_present(value: Any) -> bool:
    return type(value) is Optional and bool(value.present)


def _select_slowly(value: Any, key: str) -> Any:
    if isinstance(value, Optional):
        return _select_optionally(value, key)
    if isinstance(value, dict):
        try:
            return value[key]
        except KeyError:
            pass
    raise Failure(f"no such key: {key}")


def _select_optionally(value: Any, key: str) -> Optional:
    if isinstance(value, Optional):
        return _select_optionally(value.value, key) if value.present else NONE
    if isinstance(value, dict):
        return Optional(value[key]) if key in value else NONE
    raise Failure(f"no such key: {key}")


def _optional_selection(operand: Run, key: str, convert: Callable[[Any], Any] | None) -> Run:
    def select(frame: Frame) -> Optional:
        found = _select_optionally(operand(frame), key)
        frame[SPENT] += found.present
        return Optional(convert(found.value)) if convert and found.present else found

    return select


def _presence(operand: Run, key: str) -> Run:
    def test(frame: Frame) -> bool:
        value = operand(frame)
        if isinstance(value, Optional):
            value = value.value if value.present else {}
        if isinstance(value, dict):
            return key in value
        raise Failure(f"no such key: {key}")

    return test


def _logic(terms: Sequence[Compiled], *, decisive: bool) -> Run:
    """`||` (true decides) or `&&` (false does); an error counts only when nothing decides."""

    def run(frame: Frame) -> Any:
        failure: Failure | None = None
        for term, cost in terms:
            frame[SPENT] += cost
            try:
                value = term(frame)
            except Failure as error:
                failure = failure or error
                continue
            if value is decisive:
                return decisive
            if type(value) is not bool:
                failure = failure or no_such_overload()
        if failure:
            raise failure
        return not decisive

    return run


def _optional_list(runs: Sequence[Run], optional: frozenset[int]) -> Run:
    def make(frame: Frame) -> list[Any]:
        made = []
        for index, run in enumerate(runs):
            value = run(frame)
            if index not in optional:
                made.append(value)
            elif not isinstance(value, Optional):
                raise Failure(f"cannot initialize optional list element from non-optional value {value}")
            elif value.present:
                made.append(value.value)
        return made

    return make


def _map_maker(entries: Sequence[tuple[Run, Run, bool]]) -> Run:
    def make(frame: Frame) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key_of, value_of, optional in entries:
            key = key_of(frame)
            if not isinstance(key, (str, int)):
                raise Failure("unsupported key type")
            _set(made, key, value_of(frame), optional=optional)
        return made

    return make


def _set(target: dict[Any, Any], key: Any, value: Any, *, optional: bool) -> None:
    if not optional:
        target[key] = value
    elif not isinstance(value, Optional):
        raise Failure(f"cannot initialize optional entry '{key}' from non-optional value {value}")
    elif value.present:
        target[key] = value.value
