"""URLs. Source: the apiserver's urls library, and Go's net/url, whose words errors have."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, method, traversal
from proa.cluster.cel.runtime_types import register
from proa.cluster.cel.types import BOOL, STRING, list_of, map_of, object_type

URL = object_type("kubernetes.URL")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_PORT = re.compile(r"(.*?)(?::([0-9]*))?", re.DOTALL)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)
_PATH_SAFE = "/$&+,;=:@!'()*~-._"


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of an absolute URL or path."""

    scheme: str
    host: str
    path: str
    query: str

    @property
    def port(self) -> str:
        return (_PORT.fullmatch(self.host.rpartition("]")[2]) or ("", "", ""))[2] or ""

    @property
    def hostname(self) -> str:
        name = self.host.removesuffix(f":{self.port}") if self.port else self.host.removesuffix(":")
        return name[1:-1] if name.startswith("[") else name

    def parameters(self) -> dict[str, list[str]]:
        """The decoded query."""
        return parse_qs(self.query, keep_blank_values=True)


register(Url, URL)


def parse_url(text: str) -> Url:
    """Raises ValueError in Go's words."""
    scheme, rest = _split_scheme(text)
    rest = rest.partition("#")[0]
    rest, _mark, query = rest.partition("?")
    if not rest.startswith("/") and scheme:
        return Url(scheme, "", "", query)
    if not rest.startswith("/"):
        raise _broken(text, "invalid URI for request")
    host, path = "", rest
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, tail = rest[2:].partition("/")
        host, path = authority.rpartition("@")[2], slash + tail
        _check_host(text, host)
    if bad := _BAD_ESCAPE.search(path):
        raise _broken(text, f"invalid URL escape {json.dumps(bad.group())}")
    return Url(scheme, unquote(host), _escaped(path), query)


def _split_scheme(text: str) -> tuple[str, str]:
    if not text:
        raise _broken(text, "empty url")
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise _broken(text, "net/url: invalid control character in URL")
    if text.startswith(":"):
        raise _broken(text, "missing protocol scheme")
    match = _SCHEME.fullmatch(text)
    return (match[1].lower(), match[2]) if match else ("", text)


def _check_host(text: str, host: str) -> None:
    if host.startswith("[") and "]" not in host:
        raise _broken(text, "missing ']' in host")
    bare = host.rpartition("]")[2]
    if ":" in bare and not bare.rpartition(":")[2].isdigit() and bare.rpartition(":")[2]:
        raise _broken(text, f"invalid port {json.dumps(':' + bare.rpartition(':')[2])} after host")
    if match := re.search(r"[ <>\"\\^`{|}]", host):
        raise _broken(text, f"invalid character {json.dumps(match.group())} in host name")


def _broken(text: str, why: str) -> ValueError:
    return ValueError(f"parse {json.dumps(text)}: {why}")


def _escaped(path: str) -> str:
    return path if quote(unquote(path), safe=_PATH_SAFE) == path else quote(path, safe=_PATH_SAFE + "%[]")


def _url(text: str) -> Url:
    try:
        return parse_url(text)
    except ValueError as error:
        raise Failure(f"URL parse error during conversion from string: {error}") from None


def _is_url(text: str) -> bool:
    try:
        parse_url(text)
    except ValueError:
        return False
    return True


OVERLOADS = (
    function("url", (STRING,), URL, _url, traversal(0)),
    method("getScheme", (URL,), STRING, lambda url: url.scheme),
    method("getHost", (URL,), STRING, lambda url: url.host),
    method("getHostname", (URL,), STRING, lambda url: url.hostname),
    method("getPort", (URL,), STRING, lambda url: url.port),
    method("getEscapedPath", (URL,), STRING, lambda url: url.path),
    method("getQuery", (URL,), map_of(STRING, list_of(STRING)), Url.parameters),
    function("isURL", (STRING,), BOOL, _is_url),
)
