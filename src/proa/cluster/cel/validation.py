"""What is wrong with literals though their types are right: times, spans and patterns that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from proa.cluster.cel import nodes, times
from proa.cluster.cel.errors import Failure, Problem
from proa.cluster.cel.nodes import Node
from proa.cluster.regexp import PatternError, pattern

_CONSTRUCTORS: dict[str, Callable[[str], Any]] = {
    "duration": times.parse_duration,
    "timestamp": times.parse_timestamp,
}


def check_literals(tree: Node) -> list[Problem]:
    """The problems of a tree whose types are right."""
    return [problem for node in walk(tree) if isinstance(node, nodes.Call) for problem in _check(node)]


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> Iterator[Node]:
    """The nodes right below a node."""
    for name in _CHILDREN.get(type(node), ()):
        child = getattr(node, name)
        if isinstance(child, Node):
            yield child
        elif child:
            yield from child


_CHILDREN: dict[type[Node], tuple[str, ...]] = {
    nodes.Select: ("operand",),
    nodes.Call: ("target", "args"),
    nodes.Logic: ("terms",),
    nodes.ListNode: ("elements",),
    nodes.MapNode: ("entries",),
    nodes.Entry: ("key", "value"),
    nodes.Struct: ("fields",),
    nodes.Initializer: ("value",),
    nodes.Comprehension: ("over", "predicate", "transform"),
    nodes.OptionalMap: ("target", "body"),
    nodes.SortBy: ("target", "key"),
}


def _check(call: nodes.Call) -> Iterator[Problem]:
    if call.function in _CONSTRUCTORS and call.target is None and len(call.args) == 1:
        text = _text(call.args[0])
        if text is not None and not _parses(_CONSTRUCTORS[call.function], text):
            yield Problem(call.args[0].offset, f"invalid {call.function} argument")
    if call.function == "matches":
        text = _text(call.args[-1])
        if text is not None and not _is_pattern(text):
            yield Problem(call.args[-1].offset, "invalid matches argument")


def _text(node: Node) -> str | None:
    return node.value if isinstance(node, nodes.Literal_) and isinstance(node.value, str) else None


def _parses(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except Failure:
        return False
    return True


def _is_pattern(text: str) -> bool:
    try:
        pattern(text)
    except PatternError:
        return False
    return True
