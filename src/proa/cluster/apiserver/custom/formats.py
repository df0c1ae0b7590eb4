"""The formats of strings that a custom resource's schema may ask for.

Source: kubernetes.io, custom resource definitions; kube-openapi, pkg/validation/strfmt.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable
from email.utils import parseaddr
from urllib.parse import urlsplit

from proa.cluster.apiserver import names

_HEX = "[0-9a-f]"


def _uuid(third: str, fourth: str) -> Callable[[str], bool]:
    pattern = rf"(?i){_HEX}{{8}}-?{_HEX}{{4}}-?{third}-?{fourth}-?{_HEX}{{12}}"
    return _matching(pattern)


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _parsed(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _hostname(text: str) -> bool:
    label = r"[a-zA-Z0-9\u00a1-\uffff]([a-zA-Z0-9\u00a1-\uffff-]*[a-zA-Z0-9\u00a1-\uffff])?"
    known = re.fullmatch(rf"{label}(\.{label})*\.?", text) is not None
    return known and len(text) <= 255 and all(len(part) <= 63 for part in text.split("."))


def _email(text: str) -> bool:
    address = parseaddr(text)[1]
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain and " " not in address)


def _uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (bool(parts.scheme) or text.startswith("/")) and not re.search(r"[\x00-\x20\x7f]", text)


def _cidr(text: str) -> bool:
    return "/" in text and _parsed(lambda value: ipaddress.ip_network(value, strict=False))(text)


_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[tT ](\d\d):(\d\d)(:(\d\d)([.,]\d+)?)?([zZ]|[+-]\d\d:?\d\d)?")


def _date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _parsed(dt.date.fromisoformat)(text)


def _date_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None or not _date(found[1]):
        return False
    return int(found[2]) < 24 and int(found[3]) < 60 and int(found[5] or 0) < 60


_UNITS = (
    "ns|nano|nanoseconds?|us|µs|μs|micro|microseconds?|ms|milli|milliseconds?|s|sec|secs|seconds?|"
    "m|min|mins|minutes?|h|hr|hour|hours?|d|days?|w|weeks?"
)
_GO_DURATION = r"(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_DURATION = rf"0|[-+]?({_GO_DURATION})+|\s*\d+\s*({_UNITS})\s*"
_CREDIT_CARD = (
    r"(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|"
    r"(?:2131|1800|35\d{3})\d{11})"
)


def _isbn10(text: str) -> bool:
    digits = text.replace("-", "").replace(" ", "")
    if not re.fullmatch(r"\d{9}[\dX]", digits):
        return False
    return sum((10 - i) * (10 if d == "X" else int(d)) for i, d in enumerate(digits)) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = text.replace("-", "").replace(" ", "")
    if not re.fullmatch(r"\d{13}", digits):
        return False
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0


def _byte(text: str) -> bool:
    return re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text) is not None


def _rgb(text: str) -> bool:
    found = re.fullmatch(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", text)
    return found is not None and all(int(part) < 256 for part in found.groups())


_MAC = r"(?:[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}|(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4})"

_FORMATS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _matching(r"[0-9a-fA-F]{24}"),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _parsed(ipaddress.IPv4Address),
    "ipv6": _parsed(ipaddress.IPv6Address),
    "cidr": _cidr,
    "mac": _matching(_MAC),
    "uuid": _uuid(rf"{_HEX}{{4}}", rf"{_HEX}{{4}}"),
    "uuid3": _uuid(rf"3{_HEX}{{3}}", rf"{_HEX}{{4}}"),
    "uuid4": _uuid(rf"4{_HEX}{{3}}", rf"[89ab]{_HEX}{{3}}"),
    "uuid5": _uuid(rf"5{_HEX}{{3}}", rf"[89ab]{_HEX}{{3}}"),
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": lambda text: re.fullmatch(_CREDIT_CARD, re.sub(r"\D", "", text)) is not None,
    "ssn": _matching(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _matching(r"#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _rgb,
    "byte": _byte,
    "password": lambda _text: True,
    "date": _date,
    "duration": _matching(_DURATION),
    "datetime": _date_time,
    "k8sshortname": lambda text: not names.LABEL.problems(text),
    "k8slongname": lambda text: not names.SUBDOMAIN.problems(text),
}
_NUMERIC = {"integer": ("int32", "int64"), "number": ("float", "double")}


def is_known(type_: str, format_: str) -> bool:
    """Whether a format means something for a type; what means nothing is not looked at."""
    if type_ in ("", "string"):
        return format_.replace("-", "") in _FORMATS
    return format_ in _NUMERIC.get(type_, ())


def string_check(format_: str) -> Callable[[str], bool] | None:
    """Whether a string has the format; None for a format that is not known."""
    return _FORMATS.get(format_.replace("-", ""))
