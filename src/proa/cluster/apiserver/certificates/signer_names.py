"""Names of signers: `example.com/signer` (source: kubernetes pkg/apis/core/validation). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.names import LABEL, SUBDOMAIN, Rule
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required, too_long

_LONGEST = 571
"""A domain, a slash, and a path of a label, a dot and a subdomain."""


def signer_name(field: str, name: str) -> Iterator[FieldError]:
    """What is wrong with a signer's name."""
    if not name:
        yield required(field)
        return
    domain, *rest = name.split("/")
    if len(rest) != 1:
        detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield invalid_value(field, name, detail)
        return
    if len(domain) > SUBDOMAIN.limit:
        yield too_long(field, SUBDOMAIN.limit)
    yield from _segment(field, domain, LABEL)
    if "." not in domain:
        detail = "should be a domain with at least two segments separated by dots"
        yield invalid_value(field, domain, detail)
    yield from _segment(field, rest[0], SUBDOMAIN)
    if len(name) > _LONGEST:
        yield too_long(field, _LONGEST)


def of_kubernetes(name: str) -> bool:
    """Whether a signer is one of Kubernetes' own, whose certificates last a day at most."""
    domain = name.partition("/")[0]
    return domain == "kubernetes.io" or domain.endswith(".kubernetes.io")


def _segment(field: str, segment: str, rule: Rule) -> Iterator[FieldError]:
    """The problems of the first part that has any."""
    for part in segment.split("."):
        if problems := rule.problems(part):
            yield from (invalid_value(field, segment, f'validating label "{part}": {p}') for p in problems)
            return
