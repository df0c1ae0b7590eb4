"""Label, field and node selectors (source: apimachinery pkg/labels, pkg/fields; core/v1 NodeSelector).

A selector compiles once to a predicate; matching allocates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Labels = Mapping[str, str]
Predicate = Callable[[Labels], bool]


@dataclass(frozen=True)
class Requirement:
    """One term of a selector: `key operator values`."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Labels) -> bool:
        """Whether a set of labels fulfils this term."""
        return _OPERATORS[self.operator](labels.get(self.key), self.values)


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None


def _beyond(value: str | None, values: frozenset[str], sign: int) -> bool:
    ours, bound = _number(value), _number(next(iter(values), None))
    return ours is not None and bound is not None and (ours - bound) * sign > 0


_OPERATORS: dict[str, Callable[[str | None, frozenset[str]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
    "Gt": lambda value, values: _beyond(value, values, 1),
    "Lt": lambda value, values: _beyond(value, values, -1),
}


@dataclass(frozen=True)
class Selector:
    """All requirements together; the empty selector matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Whether every requirement holds."""
        return all(r.matches(labels) for r in self.requirements)

    def exact(self, key: str) -> str | None:
        """The only value that `key` may have, for an index look-up; None when there is no such term."""
        for r in self.requirements:
            if r.key == key and r.operator == "In" and len(r.values) == 1:
                return next(iter(r.values))
        return None


EVERYTHING = Selector()

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"[-A-Za-z0-9_.]*"
_TERMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"({_KEY})\s+in\s*\(([^()]*)\)"), "In"),
    (re.compile(rf"({_KEY})\s+notin\s*\(([^()]*)\)"), "NotIn"),
    (re.compile(rf"({_KEY})\s*!=\s*({_VALUE})"), "NotIn"),
    (re.compile(rf"({_KEY})\s*==?\s*({_VALUE})"), "In"),
    (re.compile(rf"({_KEY})\s*>\s*(-?\d+)"), "Gt"),
    (re.compile(rf"({_KEY})\s*<\s*(-?\d+)"), "Lt"),
    (re.compile(rf"!\s*({_KEY})"), "DoesNotExist"),
    (re.compile(rf"({_KEY})"), "Exists"),
)


def _split_terms(text: str) -> Iterable[str]:
    """Split at commas outside parentheses."""
    depth, start = 0, 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def _label_term(term: str, whole: str) -> Requirement:
    for shape, operator in _TERMS:
        match = shape.fullmatch(term)
        if match is None:
            continue
        if match.re.groups == 1:
            return Requirement(match[1], operator)
        values = frozenset(v.strip() for v in match[2].split(","))
        if operator in ("In", "NotIn") and any(not re.fullmatch(_VALUE, v) for v in values):
            break
        return Requirement(match[1], operator, values)
    raise ValueError(f"unable to parse requirement: {term!r} in selector {whole!r}")


def parse_label_selector(text: str) -> Selector:
    """`a=b,c!=d,e in (f,g),!h,i` as a selector. Raises ValueError, naming the term."""
    if not text.strip():
        return EVERYTHING
    return Selector(tuple(_label_term(term.strip(), text) for term in _split_terms(text)))


def parse_field_selector(text: str) -> Selector:
    r"""`metadata.name=x,spec.nodeName!=` as a selector over field values; `\` escapes `,` and `=`."""
    requirements = []
    for term in re.split(r"(?<!\\),", text):
        if not term.strip():
            continue
        match = re.fullmatch(r"\s*([^=!\s]+)\s*(!=|==|=)(.*)", term, re.DOTALL)
        if match is None:
            raise ValueError(f"invalid selector: {text!r}; can't understand {term!r}")
        value = re.sub(r"\\(.)", r"\1", match[3])
        requirements.append(Requirement(match[1], "NotIn" if match[2] == "!=" else "In", frozenset([value])))
    return Selector(tuple(requirements))


def _expressions(terms: Iterable[Mapping[str, Any]]) -> Iterable[Requirement]:
    for term in terms:
        operator = term["operator"]
        if operator not in _OPERATORS:
            raise ValueError(f"{operator!r} is not a valid label selector operator")
        yield Requirement(term["key"], operator, frozenset(term.get("values") or ()))


def label_selector(selector: Mapping[str, Any] | None) -> Selector | None:
    """A meta/v1 LabelSelector; None (matches nothing) stays None, the empty one matches everything."""
    if selector is None:
        return None
    exact = (Requirement(k, "In", frozenset([v])) for k, v in (selector.get("matchLabels") or {}).items())
    return Selector((*exact, *_expressions(selector.get("matchExpressions") or ())))


def format_selector(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector in the text form that kubectl prints and a list request takes."""
    if selector is None:
        return "<none>"
    terms = [(k, f"{k}={v}") for k, v in sorted((selector.get("matchLabels") or {}).items())]
    for term in selector.get("matchExpressions") or ():
        values = ",".join(sorted(term.get("values") or ()))
        text = _EXPRESSION_TEXT[term["operator"]].format(key=term["key"], values=values)
        terms.append((term["key"], text))
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0]))


_EXPRESSION_TEXT = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


def node_selector(selector: Mapping[str, Any]) -> Callable[[Labels, str], bool]:
    """A core/v1 NodeSelector as a predicate of (node labels, node name): terms are ORed.

    A term without expressions and fields matches nothing, as upstream.
    """
    terms = [
        (
            Selector(tuple(_expressions(term.get("matchExpressions") or ()))),
            Selector(tuple(_expressions(term.get("matchFields") or ()))),
        )
        for term in selector.get("nodeSelectorTerms") or ()
    ]
    terms = [pair for pair in terms if pair != (EVERYTHING, EVERYTHING)]

    def matches(labels: Labels, name: str) -> bool:
        fields = {"metadata.name": name}
        return any(by_label.matches(labels) and by_field.matches(fields) for by_label, by_field in terms)

    return matches
