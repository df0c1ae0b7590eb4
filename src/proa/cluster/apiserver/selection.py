"""Which entries a list or watch wants."""

from __future__ import annotations

from dataclasses import dataclass

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.store import Entry
from proa.errors import BadRequest
from proa.kube.selectors import Selector, parse_field_selector, parse_label_selector


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
                raise BadRequest(f"field label not supported: {requirement.key}")
        return cls(kind, labels, fields)

    @property
    def name(self) -> str | None:
        """The only name that can match."""
        return self.fields.exact("metadata.name")

    def matches(self, entry: Entry) -> bool:
        """Whether the entry is wanted."""
        if self.labels.requirements and not self.labels.matches(codec.notes(entry).labels):
            return False
        return not self.fields.requirements or self.fields.matches(codec.fields(self.kind, entry))
