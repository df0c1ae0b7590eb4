"""Named formats: `format.dns1123Label().validate(text)`.

Source: the apiserver's format library; apimachinery, pkg/util/validation, whose words complaints have.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.cel import times
from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import Overload, function, method, tenth
from proa.cluster.cel.functions.urls import parse_url
from proa.cluster.cel.runtime_types import register
from proa.cluster.cel.types import STRING, list_of, object_type, optional_of
from proa.cluster.cel.values import NONE, Optional

FORMAT = object_type("kubernetes.NamedFormat")
_ALPHANUMERIC = "alphanumeric characters"
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_UUID = re.compile(r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Format:
    """A format; `complaints` says what is wrong with a text."""

    name: str
    complaints: Callable[[str], list[str]]
    pattern_size: int
    """The length of a pattern that costs as much as the check."""


register(Format, FORMAT)


def _shape(pattern: str, limit: int, sentence: str, *examples: str) -> Callable[[str], list[str]]:
    compiled = re.compile(pattern, re.ASCII)
    shown = ",  or ".join(f"'{example}'" for example in examples)
    message = f"{sentence} (e.g. {shown}, regex used for validation is '{pattern}')"

    def complaints(text: str) -> list[str]:
        long = [f"must be no more than {limit} bytes"] if len(text) > limit else []
        return long if compiled.fullmatch(text) else [*long, message]

    return complaints


_dns_label = _shape(
    _LABEL,
    63,
    f"a lowercase RFC 1123 label must consist of lower case {_ALPHANUMERIC} or '-', and must start and end "
    "with an alphanumeric character",
    "my-name",
    "123-abc",
)
_dns_subdomain = _shape(
    rf"{_LABEL}(\.{_LABEL})*",
    253,
    f"a lowercase RFC 1123 subdomain must consist of lower case {_ALPHANUMERIC}, '-' or '.', and must start "
    "and end with an alphanumeric character",
    "example.com",
)
_dns_1035_label = _shape(
    _DNS_1035,
    63,
    f"a DNS-1035 label must consist of lower case {_ALPHANUMERIC} or '-', start with an alphabetic "
    "character, and end with an alphanumeric character",
    "my-name",
    "abc-123",
)
_label_value = _shape(
    f"({_NAME})?",
    63,
    f"a valid label must be an empty string or consist of {_ALPHANUMERIC}, '-', '_' or '.', and must start "
    "and end with an alphanumeric character",
    "MyValue",
    "my_value",
    "12345",
)
_key_name = _shape(
    _NAME,
    63,
    f"name part must consist of {_ALPHANUMERIC}, '-', '_' or '.', and must start and end with an "
    "alphanumeric character",
    "MyName",
    "my.name",
    "123-abc",
)


_QUALIFIED = (
    f"a valid label key must consist of {_ALPHANUMERIC}, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    f"'{_NAME}')"
)


def _qualified_name(text: str) -> list[str]:
    if text.count("/") > 1:
        return [f"{_QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    prefix, slash, name = text.rpartition("/")
    found = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {complaint}" for complaint in _dns_subdomain(prefix)]
    return found + (_key_name(name) if name else ["name part must be non-empty"])


def _as_prefix(complaints: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """The same for the beginning of a name: a dash at its end is followed by more."""
    return lambda text: complaints(re.sub(r"-\Z", "a", text) if len(text) > 1 else text)


def _uri(text: str) -> list[str]:
    try:
        parse_url(text)
    except ValueError as error:
        return [str(error)]
    return []


def _date(text: str) -> list[str]:
    return _unless(times.parse_date, text, "invalid date")


def _datetime(text: str) -> list[str]:
    return _unless(times.parse_timestamp, text, "invalid datetime")


def _byte(text: str) -> list[str]:
    return _unless(lambda value: base64.b64decode(value, validate=True), text, "invalid base64")


def _unless(parse: Callable[[str], object], text: str, complaint: str) -> list[str]:
    try:
        parse(text)
    except (Failure, ValueError, binascii.Error):
        return [complaint]
    return []


def _uuid(text: str) -> list[str]:
    return [] if _UUID.fullmatch(text) else ["does not match the UUID format"]


FORMATS = {
    "dns1123Label": Format("DNS1123Label", _dns_label, 30),
    "dns1123Subdomain": Format("DNS1123Subdomain", _dns_subdomain, 60),
    "dns1035Label": Format("DNS1035Label", _dns_1035_label, 30),
    "qualifiedName": Format("QualifiedName", _qualified_name, 60),
    "dns1123LabelPrefix": Format("DNS1123LabelPrefix", _as_prefix(_dns_label), 30),
    "dns1123SubdomainPrefix": Format("DNS1123SubdomainPrefix", _as_prefix(_dns_subdomain), 60),
    "dns1035LabelPrefix": Format("DNS1035LabelPrefix", _as_prefix(_dns_1035_label), 30),
    "labelValue": Format("LabelValue", _label_value, 40),
    "uri": Format("URI", _uri, 1000),
    "uuid": Format("uuid", _uuid, 100),
    "byte": Format("byte", _byte, 100),
    "date": Format("date", _date, 100),
    "datetime": Format("datetime", _datetime, 100),
}


def _named(name: str) -> Optional:
    found = FORMATS.get(name)
    return Optional(found) if found else NONE


def _validate(chosen: Format, text: str) -> Optional:
    complaints = chosen.complaints(text)
    return Optional(complaints) if complaints else NONE


def _cost(args: Sequence[Any], _result: Any) -> int:
    return tenth(1 + len(args[1])) * -(-int(args[0].pattern_size) // 4)


def _constant(chosen: Format) -> Callable[[], Format]:
    return lambda: chosen


def _constants() -> Iterator[Overload]:
    for name, chosen in FORMATS.items():
        yield function(f"format.{name}", (), FORMAT, _constant(chosen))


OVERLOADS = (
    *_constants(),
    function("format.named", (STRING,), optional_of(FORMAT), _named),
    method("validate", (FORMAT, STRING), optional_of(list_of(STRING)), _validate, _cost),
)
