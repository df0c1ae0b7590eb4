"""What an expression may cost at most, before it is ever run. Pure.

The macros count as the loops that cel-go makes of them. Source: cel-go, checker/cost.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from proa.cluster.cel import nodes
from proa.cluster.cel.checker import Checked
from proa.cluster.cel.estimation.calls import estimate
from proa.cluster.cel.estimation.interval import NOTHING, ONE, UNKNOWN, ZERO, Interval, exactly
from proa.cluster.cel.estimation.lists import sorting
from proa.cluster.cel.estimation.operands import Estimate, Operand
from proa.cluster.cel.estimation.sizes import Sized
from proa.cluster.cel.nodes import Node
from proa.cluster.cel.types import Type

Path = tuple[str, ...]
_LIST, _MAP, _STRUCT = exactly(10), exactly(30), exactly(40)
_SCALARS = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})
_SORTED = "@sorted"
_CHARGED = frozenset({"map", "object", "param"})
"""Kinds whose fields cost something to select."""


@dataclass(frozen=True)
class _Entries:
    """What the members of a list or map may measure."""

    kind: str
    key: Interval
    value: Interval

    def __or__(self, other: _Entries) -> _Entries:
        return _Entries(self.kind, self.key | other.key, self.value | other.value)


@dataclass(frozen=True)
class _Variable:
    path: Path = ()
    size: Interval | None = None
    entries: _Entries | None = None


class Estimator:
    """Estimates the parts of one checked expression; `root` are the sizes of what variables stand for."""

    def __init__(self, checked: Checked, root: Sized | None) -> None:
        self._checked = checked
        self._root = root
        self._variables: dict[str, list[_Variable]] = {}
        self._paths: dict[Node, Path] = {}
        self._sizes: dict[Node, Interval] = {}
        self._entries: dict[Node, _Entries] = {}

    def cost(self, node: Node) -> Interval:
        """Of a node and all below it."""
        if node in self._checked.names:
            return self._named(node, self._checked.names[node])
        return self._rules[type(node)](self, node)

    def _free(self, _node: Node) -> Interval:
        return ZERO

    def _named(self, node: Node, name: str) -> Interval:
        variable = self._variable(name)
        self._paths[node] = variable.path if variable else (name,)
        return ONE

    def _ident(self, node: nodes.Ident) -> Interval:
        return self._named(node, node.name)

    def _select(self, node: nodes.Select) -> Interval:
        cost = self.cost(node.operand)
        if node.presence:
            return cost
        if node.optional:
            return cost + ONE
        self._paths[node] = (*self._path(node.operand), node.field)
        return cost + ONE if self._type(node.operand).kind in _CHARGED else cost

    def _call(self, node: nodes.Call) -> Interval:
        operands = node.args
        if node.target is not None and node not in self._checked.functions:
            operands = [node.target, *node.args]
        costs = [self.cost(operand) for operand in operands]
        if node.function == "dyn":
            self._copy(node, operands[0])
            return ONE + costs[0]
        given = [self._operand(operand) for operand in operands]
        call, result = self._overloads(node, given)
        if node.function == "_?_:_":
            self._join_entries(node, operands[1:])
            total = costs[0] + (costs[1] | costs[2])
        else:
            total = sum(costs, ZERO)
        if node.function == "_+_" and result is not None:
            self._join_entries(node, operands)
        if node.function == "_[_]":
            result = self._index(node, operands[0]) or result
        size = result or self._size(node)
        if size is not None:
            self._sizes[node] = size
        return total + call

    def _overloads(self, node: nodes.Call, given: list[Operand]) -> tuple[Interval, Interval | None]:
        """What the call costs besides its operands, and the size of what it gives, if a function says it."""
        found = [estimate(overload, given) for overload in self._checked.overloads.get(node, ())]
        if node.function == "_?_:_":
            return ZERO, given[1].size | given[2].size
        cost, result = NOTHING, None
        for one in found or [Estimate(ONE)]:
            cost = cost | one.cost
            if one.result is not None:
                result = one.result if result is None else result | one.result
        return cost, result

    def _index(self, node: nodes.Call, of: Node) -> Interval | None:
        kind = self._type(of).kind
        if kind not in ("list", "map"):
            return None
        self._paths[node] = (*self._path(of), "@items" if kind == "list" else "@values")
        entries = self._entries_of(of)
        return entries.value if entries else None

    def _operand(self, node: Node) -> Operand:
        size, type_ = self._size(node), self._type(node)
        elements = self._at((*self._path(node), "@items")) if type_.params and self._path(node) else None
        return Operand(node, type_, size or UNKNOWN, elements or UNKNOWN)

    def _logic(self, node: nodes.Logic) -> Interval:
        costs = [self.cost(term) for term in node.terms]
        self._sizes[node] = ONE
        return replace(sum(costs, ZERO), least=costs[0].least)

    def _list(self, node: nodes.ListNode) -> Interval:
        cost = sum(map(self.cost, node.elements), _LIST)
        self._entries[node] = _Entries("list", ONE, self._union(node.elements))
        return cost

    def _map(self, node: nodes.MapNode) -> Interval:
        cost = sum((self.cost(entry.key) + self.cost(entry.value) for entry in node.entries), _MAP)
        keys = self._union([entry.key for entry in node.entries])
        self._entries[node] = _Entries("map", keys, self._union([entry.value for entry in node.entries]))
        return cost

    def _struct(self, node: nodes.Struct) -> Interval:
        return sum((self.cost(initializer.value) for initializer in node.fields), _STRUCT)

    def _union(self, members: Sequence[Node]) -> Interval:
        if not members:
            return ZERO
        union = NOTHING
        for member in members:
            union = union | (self._size(member) or UNKNOWN)
        return union

    def _comprehension(self, node: nodes.Comprehension) -> Interval:
        over = self.cost(node.over)
        bound = self._bound(node)
        for name, variable in bound.items():
            self._variables.setdefault(name, []).append(variable)
        test = self.cost(node.predicate) if node.predicate else None
        made = self.cost(node.transform) if node.transform else ONE
        member = node.transform or nodes.Ident(node.offset, node.variables[-1])
        element = (self._size(member) if node.transform else next(reversed(bound.values())).size) or UNKNOWN
        for name in bound:
            self._variables[name].pop()
        count = self._size(node.over) or UNKNOWN
        begin, step, end = _loop(node.macro, test, made)
        if node.macro in ("map", "filter", "transformMap", "transformMapEntry"):
            self._sizes[node] = count
        else:
            self._sizes[node] = ONE
        if node.macro in ("map", "filter"):
            self._entries[node] = _Entries("list", ONE, ZERO | element)
        return over + begin + count * step + end

    def _bound(self, node: nodes.Comprehension) -> dict[str, _Variable]:
        entries, path = self._entries_of(node.over), self._path(node.over)
        kind = entries.kind if entries else self._type(node.over).kind
        key, value = (entries.key, entries.value) if entries else (None, None)
        keys = _Variable((*path, "@indices" if kind == "list" else "@keys"), key)
        values = _Variable((*path, "@items" if kind == "list" else "@values"), value)
        if len(node.variables) == 2:
            return dict(zip(node.variables, (keys, values), strict=True))
        return {node.variables[0]: values if kind == "list" else keys}

    def _optional_map(self, node: nodes.OptionalMap) -> Interval:
        target = self.cost(node.target)
        self._variables.setdefault(node.variable, []).append(_Variable())
        body = self.cost(node.body)
        self._variables[node.variable].pop()
        bound = _LIST + target + ONE + body
        there = bound if node.flat else bound + ONE
        return target + ONE + (there | ONE)

    def _sort_by(self, node: nodes.SortBy) -> Interval:
        """As of a variable that stands for the list, and of a list that is made of its keys."""
        target = self.cost(node.target)
        given = _Variable(self._path(node.target), self._size(node.target), self._entries_of(node.target))
        self._variables.setdefault(_SORTED, []).append(given)
        over = nodes.Ident(node.offset, _SORTED)
        self._checked.types[over] = self._type(node.target)
        keys = nodes.Comprehension(node.offset, "map", over, (node.variable,), None, node.key)
        cost = _LIST + target + ONE + self.cost(keys)
        called = sorting(self._size(keys) or UNKNOWN, self._type(node.key))
        self._variables[_SORTED].pop()
        if called.result is not None:
            self._sizes[node] = called.result
        return cost + called.cost

    def _variable(self, name: str) -> _Variable | None:
        stack = self._variables.get(name)
        return stack[-1] if stack else None

    def _local(self, node: Node) -> _Variable | None:
        return self._variable(node.name) if isinstance(node, nodes.Ident) else None

    def _type(self, node: Node) -> Type:
        return self._checked.types[node]

    def _path(self, node: Node) -> Path:
        local = self._local(node)
        return local.path if local else self._paths.get(node, ())

    def _at(self, path: Path) -> Interval | None:
        """The size of what a path leads to; its first word is a variable."""
        place = self._root.at(path[1:]) if self._root and path else None
        return Interval(0, place.most) if place else None

    def _size(self, node: Node) -> Interval | None:
        if node in self._sizes:
            return self._sizes[node]
        written = _written(node)
        if written is not None:
            return exactly(written)
        found = self._at(self._path(node))
        if found is not None:
            self._sizes[node] = found
            return found
        if _is_scalar(self._type(node)):
            return ONE
        local = self._local(node)
        return local.size if local else None

    def _entries_of(self, node: Node) -> _Entries | None:
        if node in self._entries:
            return self._entries[node]
        local = self._local(node)
        return local.entries if local else None

    def _join_entries(self, node: Node, operands: Sequence[Node]) -> None:
        first, second = (self._entries_of(operand) for operand in operands)
        if first and second:
            self._entries[node] = first | second

    def _copy(self, node: Node, source: Node) -> None:
        size, entries = self._size(source), self._entries_of(source)
        if size is not None:
            self._sizes[node] = size
        if entries is not None:
            self._entries[node] = entries

    _rules: Mapping[type[Node], Callable[..., Interval]] = {
        nodes.Literal_: _free,
        nodes.Broken: _free,
        nodes.Ident: _ident,
        nodes.Select: _select,
        nodes.Call: _call,
        nodes.Logic: _logic,
        nodes.ListNode: _list,
        nodes.MapNode: _map,
        nodes.Struct: _struct,
        nodes.Comprehension: _comprehension,
        nodes.OptionalMap: _optional_map,
        nodes.SortBy: _sort_by,
    }


def _loop(macro: nodes.Macro, test: Interval | None, made: Interval) -> tuple[Interval, Interval, Interval]:
    """What a loop costs to begin, for each element, and to end."""
    tested = test or ZERO
    if macro in ("all", "exists"):
        asked = exactly(2 if macro == "all" else 3)
        return ZERO, asked + Interval(1, (ONE + tested).most), ONE
    if macro == "exists_one":
        return ZERO, tested + Interval(1, 2), exactly(2)
    begin = _LIST if macro in ("map", "filter") else _MAP
    added = {"map": 12, "filter": 12, "transformMap": 3, "transformMapEntry": 2}[macro]
    step = exactly(added) + made
    return begin, step if test is None else tested + (step | ONE), ONE


def _written(node: Node) -> int | None:
    """The size of what is written out."""
    if isinstance(node, nodes.Literal_):
        return len(node.value) if isinstance(node.value, str | bytes) else 1
    if isinstance(node, nodes.ListNode):
        return len(node.elements)
    return len(node.entries) if isinstance(node, nodes.MapNode) else None


def _is_scalar(type_: Type) -> bool:
    return type_.kind in _SCALARS or (type_.is_optional and _is_scalar(type_.params[0]))
