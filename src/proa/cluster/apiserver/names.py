"""Rules for names, and names that the server makes up.

Source: Kubernetes object names; RFC 1123; apimachinery util/validation, apiserver storage/names.
"""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Rule:
    """A pattern, the greatest length, and the sentence that upstream says when it is broken."""

    pattern: re.Pattern[str]
    limit: int
    message: str
    unit: str = "bytes"

    def problems(self, value: str) -> list[str]:
        """Why a value breaks the rule; empty when it does not."""
        long = [f"must be no more than {self.limit} {self.unit}"] if len(value) > self.limit else []
        if self.pattern.fullmatch(value):
            return long
        dotted = self is LABEL and SUBDOMAIN.pattern.fullmatch(value)
        return [*long, "must not contain dots" if dotted else self.message]


def _rule(pattern: str, limit: int, sentence: str, *examples: str, unit: str = "bytes") -> Rule:
    shown = ",  or ".join(f"'{example}'" for example in examples)
    return Rule(
        re.compile(pattern),
        limit,
        f"{sentence} (e.g. {shown}, regex used for validation is '{pattern}')",
        unit,
    )


_LEADING_ZEROS = re.compile(r"\b0+(?=\d)")
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

LABEL = _rule(
    _LABEL,
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character",
    "my-name",
    "123-abc",
)
SUBDOMAIN = _rule(
    rf"{_LABEL}(\.{_LABEL})*",
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character",
    "example.com",
    unit="characters",
)
_KEY_NAME = _rule(
    _QUALIFIED,
    63,
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character",
    "MyName",
    "my.name",
    "123-abc",
)
LABEL_VALUE = _rule(
    f"({_QUALIFIED})?",
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character",
    "MyValue",
    "my_value",
    "12345",
)

# Kinds whose names are no subdomains: labels, or any path segment (trust bundles have a rule of their own).
_LABEL_KINDS = {"namespaces": LABEL, "services": LABEL}
_PATH_KINDS = frozenset(
    {"apiservices", "clusterrolebindings", "clusterroles", "clustertrustbundles", "rolebindings", "roles"}
)

_REMEMBERED = 4096
"""Keys and values of labels that are known; most come again and again."""
SUFFIX_LENGTH = 5
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_MAX_GENERATED = 63


@lru_cache(_REMEMBERED)
def label_value_problems(value: str) -> Sequence[str]:
    """Why the value of a label is not allowed."""
    return tuple(LABEL_VALUE.problems(value))


def address_problems(text: str, *, canonical: bool = True) -> list[str]:
    """Why a text is no IP address, perhaps in the one form that each has; empty when it is."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if _LEADING_ZEROS.sub("", text) != text and not address_problems(_LEADING_ZEROS.sub("", text)):
            return ["must not have leading 0s"]
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    if address.version == 6 and address.ipv4_mapped:
        return ["must not be an IPv4-mapped IPv6 address"]
    return [f'must be in canonical form ("{address}")'] if canonical and str(address) != text else []


def name_problems(plural: str, name: str) -> list[str]:
    """Why a name is not allowed for a kind; empty when it is."""
    if plural == "ipaddresses":
        return address_problems(name)
    if plural not in _PATH_KINDS:
        return _LABEL_KINDS.get(plural, SUBDOMAIN).problems(name)
    return segment_problems(name)


def segment_problems(name: str) -> list[str]:
    """Why a name cannot stand in a path; empty when it can."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in name]


@lru_cache(_REMEMBERED)
def key_problems(key: str) -> Sequence[str]:
    """Why the key of a label or annotation, or a finalizer, is not allowed."""
    if key.count("/") > 1:
        optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return (f"{_KEY_NAME.message.replace('name part', 'a valid label key', 1)} {optional}",)
    prefix, slash, name = key.rpartition("/")
    problems = []
    if slash and not prefix:
        problems.append("prefix part must be non-empty")
    elif slash:
        problems += [f"prefix part {problem}" for problem in SUBDOMAIN.problems(prefix)]
    if not name:
        problems.append("name part must be non-empty")
    return (*problems, *_KEY_NAME.problems(name))


def generate(base: str) -> str:
    """A name of the base and a random suffix, at most 63 characters."""
    suffix = "".join(random.choices(_SUFFIX_ALPHABET, k=SUFFIX_LENGTH))
    return base[: _MAX_GENERATED - SUFFIX_LENGTH] + suffix
