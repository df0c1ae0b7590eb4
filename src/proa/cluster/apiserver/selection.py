"""Which entries a list or watch wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from proa.cluster.apiserver import codec, names
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry, Term
from proa.errors import BadRequest
from proa.kube.resources import Resource
from proa.kube.selectors import Requirement, Selector, parse_field_selector, parse_label_selector


@dataclass(frozen=True, slots=True)
class _Label:
    """The value of a label."""

    key: str

    def __call__(self, entry: Entry) -> str | None:
        return codec.notes(entry).labels.get(self.key)


@dataclass(frozen=True, slots=True)
class _Field:
    """The value of a field that is selectable in a kind."""

    key: str
    resource: Resource
    kind: Kind = field(compare=False)

    def __call__(self, entry: Entry) -> str | None:
        return codec.field(self.kind, entry, self.key)


@dataclass(frozen=True)
class Selection:
    """Label and field selectors over one kind."""

    kind: Kind
    labels: Selector
    fields: Selector

    @classmethod
    def of(cls, kind: Kind, options: ListOptions) -> Selection | None:
        """None when everything is wanted. Raises BadRequest."""
        if not options.label_selector and not options.field_selector:
            return None
        try:
            labels = parse_label_selector(options.label_selector)
            fields = parse_field_selector(options.field_selector)
        except ValueError as error:
            raise BadRequest(str(error)) from error
        for requirement in fields.requirements:
            if requirement.key not in kind.fields:
                raise BadRequest(_unknown_field(kind, requirement.key))
        _check_values(labels, fields)
        return cls(kind, labels, fields)

    @property
    def name(self) -> str | None:
        """The only name that can match."""
        return self.fields.exact("metadata.name")

    def collection(self, target: Target) -> Target:
        """The target, or the one namespace of it in which all is that can match."""
        namespace = self.fields.exact("metadata.namespace")
        return replace(target, namespace=namespace) if namespace and not target.namespace else target

    def terms(self) -> Iterator[tuple[Term, frozenset[str]]]:
        """What must have one of some values in what is stored, which may not be what is shown."""
        kind = self.kind
        form = kind.form or kind.conversion
        if form is None or form.keeps_labels:
            yield from ((_Label(each.key), each.values) for each in _included(self.labels))
        if form is None:
            fields = _included(self.fields)
            yield from ((_Field(each.key, kind.resource, kind), each.values) for each in fields)

    def narrow(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of many that may match: most are left out by one term, without a call for each entry."""
        if (term := next(_included(self.labels), None)) is not None:
            key, values = term.key, term.values
            return [e for e in entries if (e.notes or codec.notes(e)).labels.get(key) in values]
        if (term := next(_included(self.fields), None)) is not None:
            key, values, kind = term.key, term.values, self.kind
            return [e for e in entries if codec.field(kind, e, key) in values]
        return entries

    def matches(self, entry: Entry) -> bool:
        """Whether the entry is wanted."""
        if self.labels.requirements and not self.labels.matches(codec.notes(entry).labels):
            return False
        return not self.fields.requirements or self.fields.matches(codec.fields(self.kind, entry))


def _included(selector: Selector) -> Iterator[Requirement]:
    """The terms that name the values wanted, none of which is that of a missing label."""
    return (term for term in selector.requirements if term.operator == "In")


def _unknown_field(kind: Kind, field: str) -> str:
    """In the words for kinds that have fields of their own, or only those of every kind."""
    if any(not name.startswith("metadata.") for name in kind.fields):
        return f"field label not supported: {field}"
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _check_values(labels: Selector, fields: Selector) -> None:
    """Raises BadRequest for values that no label can have, and for what a field's value may not hold bare."""
    for requirement in labels.requirements:
        for value in requirement.values if requirement.operator in ("In", "NotIn") else ():
            for problem in names.label_value_problems(value):
                where = f'values[0][{requirement.key}]: Invalid value: "{value}"'
                raise BadRequest(f"unable to parse requirement: {where}: {problem}")
    for requirement in fields.requirements:
        if any("=" in value for value in requirement.values):
            raise BadRequest("invalid field selector: unescaped character in value: 61")
