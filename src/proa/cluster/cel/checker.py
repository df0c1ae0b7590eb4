"""Static types: what each part of an expression is, or why it cannot be.

Source: the type checking rules of cel-go; messages as it words them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from proa.cluster.cel import nodes, types
from proa.cluster.cel.errors import Problem
from proa.cluster.cel.functions import Library, Overload
from proa.cluster.cel.nodes import Node
from proa.cluster.cel.types import BOOL, DYN, ERROR, INT, Type
from proa.cluster.cel.unification import Substitution, most_general
from proa.cluster.cel.values import Uint

TypeFinder = Callable[[str], Type | None]
"""From the name of an object type to the type; None for an unknown one."""

_LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    Uint: types.UINT,
    float: types.DOUBLE,
    str: types.STRING,
    bytes: types.BYTES,
    type(None): types.NULL,
}
TYPE_NAMES: dict[str, Type] = {
    "bool": BOOL,
    "bytes": types.BYTES,
    "double": types.DOUBLE,
    "google.protobuf.Duration": types.DURATION,
    "google.protobuf.Timestamp": types.TIMESTAMP,
    "int": INT,
    "list": types.list_of(DYN),
    "map": types.map_of(DYN, DYN),
    "null_type": types.NULL,
    "optional_type": types.optional_of(DYN),
    "string": types.STRING,
    "type": types.TYPE,
    "uint": types.UINT,
}
"""Names that mean a type itself, as in `type(x) == string`."""


@dataclass
class Checked:
    """What the checker found out, by node."""

    types: dict[Node, Type] = field(default_factory=dict)
    overloads: dict[Node, list[Overload]] = field(default_factory=dict)
    names: dict[Node, str] = field(default_factory=dict)
    """Of an Ident, or of a Select that spells a dotted name: the variable or type it means."""
    functions: dict[Node, str] = field(default_factory=dict)
    """Of a call whose target is part of the function's name (`sets.contains(a, b)`): that name."""


class Checker:
    """Checks one expression. `problems` collects what is wrong."""

    def __init__(self, variables: Mapping[str, Type], library: Library, find_type: TypeFinder) -> None:
        self._scopes: list[dict[str, Type]] = [dict(variables)]
        self._library = library
        self._find_type = find_type
        self._known = Substitution()
        self._mixed = False
        self.problems: list[Problem] = []
        self.result = Checked()

    def check(self, tree: Node) -> Checked:
        """Types for the tree and all below it, free variables replaced by dyn."""
        self._check(tree)
        for node, found in self.result.types.items():
            self.result.types[node] = self._known.resolve(found, open_ended=True)
        return self.result

    def _report(self, node: Node, message: str) -> Type:
        self.problems.append(Problem(node.offset, message))
        return ERROR

    def _check(self, node: Node) -> Type:
        found = self._rules[type(node)](self, node)
        self.result.types[node] = found
        return found

    def _mismatch(self, node: Node, expected: Type, found: Type) -> Type:
        return self._report(node, f"expected type '{self._shown(expected)}' but found '{self._shown(found)}'")

    def _shown(self, given: Type) -> str:
        return str(self._known.resolve(given))

    def _literal(self, node: nodes.Literal_) -> Type:
        return _LITERALS[type(node.value)]

    def _broken(self, _node: nodes.Broken) -> Type:
        return ERROR

    def _find(self, name: str) -> Type | None:
        plain = name.removeprefix(".")
        scopes = self._scopes[:1] if name.startswith(".") else reversed(self._scopes)
        for scope in scopes:
            if plain in scope:
                return scope[plain]
        return types.type_of(TYPE_NAMES[plain]) if plain in TYPE_NAMES else None

    def _ident(self, node: nodes.Ident) -> Type:
        found = self._find(node.name)
        if found is None:
            return self._report(node, f"undeclared reference to '{node.name}' (in container '')")
        self.result.names[node] = node.name.removeprefix(".")
        return found

    def _select(self, node: nodes.Select) -> Type:
        if not node.presence and not node.optional:
            name = dotted(node)
            found = self._find(name) if name else None
            if name and found is not None:
                self.result.names[node] = name.removeprefix(".")
                return found
        field_type = self._field(node)
        return BOOL if node.presence else self._known.resolve(field_type)

    def _field(self, node: nodes.Select) -> Type:
        operand = self._known.resolve(self._check(node.operand))
        target = operand.params[0] if operand.is_optional else operand
        found = self._field_of(node, target)
        return types.optional_of(found) if operand.is_optional or node.optional else found

    def _field_of(self, node: nodes.Select, target: Type) -> Type:
        if target.kind == "map":
            return target.params[1]
        if target.kind == "object":
            declared = target.fields.get(node.field)
            return declared.type if declared else self._report(node, f"undefined field '{node.field}'")
        if target.kind == "param":
            self._known.assign(DYN, target)
        elif not target.is_open:
            self._report(node, f"type '{target}' does not support field selection")
        return DYN

    def _call(self, node: nodes.Call) -> Type:
        args = self._arguments(node)
        if node.target is None:
            return self._resolve(node, node.function.removeprefix("."), args, member=False)
        prefix = dotted(node.target)
        if prefix and f"{prefix}.{node.function}" in self._library:
            name = f"{prefix}.{node.function}"
            self.result.functions[node] = name
            return self._resolve(node, name, args, member=False)
        return self._resolve(node, node.function, [self._check(node.target), *args], member=True)

    def _arguments(self, node: nodes.Call) -> list[Type]:
        before = self._mixed
        self._mixed = before or (node.function == "format" and node.target is not None)
        found = [self._check(arg) for arg in node.args]
        self._mixed = before
        return found

    def _resolve(self, node: Node, name: str, args: Sequence[Type], *, member: bool) -> Type:
        if name not in self._library:
            return self._report(node, f"undeclared reference to '{name}' (in container '')")
        result: Type | None = None
        chosen: list[Overload] = []
        for overload in self._library.callable(name, member=member, count=len(args)):
            *wanted, returned = self._known.instantiate([*overload.args, overload.result])
            if not self._known.assign_all(args, wanted):
                continue
            chosen.append(overload)
            returned = self._known.resolve(returned)
            if result is None:
                result = returned
            elif result.kind != "dyn" and result != returned:
                result = DYN
        if result is None:
            return self._no_overload(node, name, args, member=member)
        self.result.overloads[node] = chosen
        return result

    def _no_overload(self, node: Node, name: str, args: Sequence[Type], *, member: bool) -> Type:
        shown = [str(self._known.resolve(arg, open_ended=True)) for arg in args]
        target = f"{shown.pop(0)}." if member else ""
        signature = f"{target}({', '.join(shown)})"
        return self._report(node, f"found no matching overload for '{name}' applied to '{signature}'")

    def _conditional(self, node: Node, condition: Type, chosen: Type, other: Type) -> Type:
        variable = self._known.fresh()
        if self._known.assign_all((condition, chosen, other), (BOOL, variable, variable)):
            return self._known.resolve(variable)
        return self._no_overload(node, "_?_:_", (condition, chosen, other), member=False)

    def _logic(self, node: nodes.Logic) -> Type:
        found = [self._check(term) for term in node.terms]
        for term, given in zip(node.terms, found, strict=True):
            if not self._known.assign(given, BOOL):
                self._mismatch(term, BOOL, given)
        return BOOL

    def _list(self, node: nodes.ListNode) -> Type:
        element: Type | None = None
        for index, item in enumerate(node.elements):
            found = self._check(item)
            if index in node.optional:
                found = self._unwrap(item, found)
            element = self._join(item, element, found)
        return types.list_of(element or self._known.fresh())

    def _map(self, node: nodes.MapNode) -> Type:
        key: Type | None = None
        value: Type | None = None
        for entry in node.entries:
            key = self._join(entry.key, key, self._check(entry.key))
            found = self._check(entry.value)
            if entry.optional:
                found = self._unwrap(entry.value, found)
            value = self._join(entry.value, value, found)
        return types.map_of(key or self._known.fresh(), value or self._known.fresh())

    def _unwrap(self, node: Node, found: Type) -> Type:
        found = self._known.resolve(found)
        if found.is_optional:
            return found.params[0]
        if not found.is_open:
            self._mismatch(node, types.optional_of(found), found)
        return found

    def _join(self, node: Node, before: Type | None, found: Type) -> Type:
        if before is None:
            return found
        if self._known.assign(before, found):
            return most_general(before, found)
        if self._mixed or before.is_open:
            return DYN
        return self._mismatch(node, before, found)

    def _struct(self, node: nodes.Struct) -> Type:
        made = self._find_type(node.name.removeprefix("."))
        if made is None:
            return self._report(node, f"undeclared reference to '{node.name}' (in container '')")
        for initializer in node.fields:
            self._initialize(made, initializer)
        return made

    def _initialize(self, made: Type, initializer: nodes.Initializer) -> None:
        found = self._check(initializer.value)
        if initializer.optional:
            found = self._unwrap(initializer.value, found)
        declared = made.fields.get(initializer.name)
        if declared is None:
            self._report(initializer, f"undefined field '{initializer.name}'")
        elif not self._known.assign(declared.type, found):
            self._report(
                initializer,
                f"expected type of field '{initializer.name}' is '{declared.type}' but provided type is "
                f"'{self._shown(found)}'",
            )
        self.result.types[initializer] = declared.type if declared else ERROR

    def _comprehension(self, node: nodes.Comprehension) -> Type:
        bound = self._bound(node, self._known.resolve(self._check(node.over)))
        self._scopes.append(dict(zip(node.variables, bound, strict=True)))
        predicate = self._check(node.predicate) if node.predicate else BOOL
        transform = self._check(node.transform) if node.transform else bound[-1]
        self._scopes.pop()
        return self._folded(node, bound, predicate, transform)

    def _bound(self, node: nodes.Comprehension, over: Type) -> tuple[Type, ...]:
        two = len(node.variables) == 2
        if over.kind == "list":
            return (INT, over.params[0]) if two else over.params
        if over.kind == "map":
            return over.params if two else over.params[:1]
        if over.is_open or over.kind == "param":
            self._known.assign(DYN, over)
            return (DYN, DYN) if two else (DYN,)
        what = f"expression of type '{over}' cannot be range of a comprehension"
        self._report(node.over, f"{what} (must be list, map, or dynamic)")
        return (ERROR, ERROR) if two else (ERROR,)

    def _folded(
        self, node: nodes.Comprehension, bound: tuple[Type, ...], predicate: Type, transform: Type
    ) -> Type:
        if node.macro in ("all", "exists"):
            if node.predicate and not self._known.assign(predicate, BOOL):
                self._mismatch(node.predicate, BOOL, predicate)
            return BOOL
        if node.macro == "exists_one":
            self._conditional(node, predicate, INT, INT)
            return BOOL
        if node.macro in ("map", "filter"):
            result = types.list_of(transform)
        elif node.macro == "transformMap":
            result = types.map_of(bound[0], transform)
        else:
            result = self._entry_map(node, transform)
        if node.predicate:
            self._conditional(node, predicate, result, result)
        return self._known.resolve(result)

    def _entry_map(self, node: nodes.Comprehension, transform: Type) -> Type:
        result = types.map_of(self._known.fresh(), self._known.fresh())
        if not self._known.assign(result, transform):
            return self._no_overload(node, "cel.@mapInsert", (result, transform), member=False)
        return result

    def _optional_map(self, node: nodes.OptionalMap) -> Type:
        value = self._known.fresh()
        target = self._check(node.target)
        if not self._known.assign(target, types.optional_of(value)):
            return self._no_overload(node, "hasValue", (target,), member=True)
        self._scopes.append({node.variable: self._known.resolve(value)})
        body = self._check(node.body)
        self._scopes.pop()
        none = types.optional_of(self._known.fresh())
        return self._conditional(node, BOOL, body if node.flat else types.optional_of(body), none)

    def _sort_by(self, node: nodes.SortBy) -> Type:
        over = self._known.resolve(self._check(node.target))
        if over.kind != "list" and not over.is_open:
            what = f"expression of type '{over}' cannot be range of a comprehension"
            return self._report(node.target, f"{what} (must be list, map, or dynamic)")
        self._scopes.append({node.variable: over.params[0] if over.kind == "list" else DYN})
        key = self._known.resolve(self._check(node.key))
        self._scopes.pop()
        if key.kind not in _SORTABLE:
            args = (over, types.list_of(key))
            return self._no_overload(node, "@sortByAssociatedKeys", args, member=True)
        return over if over.kind == "list" else types.list_of(DYN)

    def _ternary_or_call(self, node: nodes.Call) -> Type:
        if node.function == "_?_:_":
            condition, chosen, other = (self._check(arg) for arg in node.args)
            return self._conditional(node, condition, chosen, other)
        return self._call(node)

    _rules: Mapping[type[Node], Callable[..., Type]] = {
        nodes.Literal_: _literal,
        nodes.Broken: _broken,
        nodes.Ident: _ident,
        nodes.Select: _select,
        nodes.Call: _ternary_or_call,
        nodes.Logic: _logic,
        nodes.ListNode: _list,
        nodes.MapNode: _map,
        nodes.Struct: _struct,
        nodes.Comprehension: _comprehension,
        nodes.OptionalMap: _optional_map,
        nodes.SortBy: _sort_by,
    }


_SORTABLE = frozenset(
    {"int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes", "dyn", "error"}
)


def dotted(node: Node) -> str:
    """`a.b.c` when the node is a chain of plain selections from a name; otherwise empty."""
    fields: list[str] = []
    while isinstance(node, nodes.Select):
        if node.presence or node.optional:
            return ""
        fields.append(node.field)
        node = node.operand
    return ".".join([node.name, *reversed(fields)]) if isinstance(node, nodes.Ident) else ""
