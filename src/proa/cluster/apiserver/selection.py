"""Which entries a list or watch wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proa.cluster.apiserver import codec, names
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.store import Entry
from proa.errors import BadRequest
from proa.kube.selectors import Requirement, Selector, parse_field_selector, parse_label_selector


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

    def narrow(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of many that may match: most are left out by one term, without a call for each entry."""
        if (term := _included(self.labels)) is not None:
            key, values = term.key, term.values
            return [e for e in entries if (e.notes or codec.notes(e)).labels.get(key) in values]
        if (term := _included(self.fields)) is not None:
            key, values, kind = term.key, term.values, self.kind
            return [e for e in entries if codec.fields(kind, e).get(key) in values]
        return entries

    def matches(self, entry: Entry) -> bool:
        """Whether the entry is wanted."""
        if self.labels.requirements and not self.labels.matches(codec.notes(entry).labels):
            return False
        return not self.fields.requirements or self.fields.matches(codec.fields(self.kind, entry))


def _included(selector: Selector) -> Requirement | None:
    """A term that names the values wanted, none of which is that of a missing label."""
    return next((term for term in selector.requirements if term.operator == "In"), None)


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
