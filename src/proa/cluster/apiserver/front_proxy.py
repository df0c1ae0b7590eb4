"""Users named by request headers: to aggregated servers by us, and to us by a front proxy.

Only a client certificate of the request-header authority makes such headers count.
Source: client-go transport.SetAuthProxyHeaders; apiserver authentication/request/headerrequest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from cryptography import x509
from multidict import CIMultiDictProxy

from proa.cluster.apiserver.identity import AUTHENTICATED, User

USER, UID, GROUP, EXTRA = "X-Remote-User", "X-Remote-Uid", "X-Remote-Group", "X-Remote-Extra-"

_LITERAL = "!#$&'*+.^_`|~-"
"""What may stand in a header's name beside letters and digits; the percent sign escapes the rest."""


def user_headers(user: User) -> Iterator[tuple[str, str]]:
    """The headers that name a user."""
    yield USER, user.name
    if user.uid:
        yield UID, user.uid
    for group in user.groups:
        yield GROUP, group
    for key, values in user.extra.items():
        for value in values:
            yield EXTRA + quote(key, safe=_LITERAL), value


def is_user_header(name: str) -> bool:
    """Whether a header claims to name a user: a client's own must never reach an aggregated server."""
    lower = name.lower()
    return lower in (USER.lower(), UID.lower(), GROUP.lower()) or lower.startswith(EXTRA.lower())


def user_of_headers(headers: CIMultiDictProxy[str]) -> User | None:
    """The user that a front proxy names; None when it names none."""
    name = headers.get(USER, "")
    if not name:
        return None
    groups = [group for group in headers.getall(GROUP, []) if group]
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in headers.items():
        if header.lower().startswith(EXTRA.lower()):
            key = unquote(header[len(EXTRA) :].lower())
            extra[key] = (*extra.get(key, ()), value)
    return User(name, tuple(dict.fromkeys([*groups, AUTHENTICATED])), headers.get(UID, ""), extra)


class FrontProxies:
    """Tells the certificates of front proxies from those of users, by who signed them."""

    def __init__(self, authority: bytes) -> None:
        """`authority` is the PEM of the request-header authority, one or more certificates."""
        self._issuers = [
            _names(certificate.subject) for certificate in x509.load_pem_x509_certificates(authority)
        ]

    def signed(self, certificate: Mapping[str, Any] | None) -> bool:
        """Whether a verified certificate (of `getpeercert`) was signed by the request-header authority."""
        issuer = [pair for part in (certificate or {}).get("issuer", ()) for pair in part]
        return bool(issuer) and issuer in self._issuers


def _names(name: x509.Name) -> list[tuple[str, str]]:
    """A name in the form of `getpeercert`."""
    return [(_LONG_NAMES[part.oid], str(part.value)) for part in name if part.oid in _LONG_NAMES]


_LONG_NAMES = {
    x509.NameOID.COMMON_NAME: "commonName",
    x509.NameOID.ORGANIZATION_NAME: "organizationName",
    x509.NameOID.ORGANIZATIONAL_UNIT_NAME: "organizationalUnitName",
    x509.NameOID.COUNTRY_NAME: "countryName",
    x509.NameOID.STATE_OR_PROVINCE_NAME: "stateOrProvinceName",
    x509.NameOID.LOCALITY_NAME: "localityName",
}


def trust_data(client_authority: str, request_header_authority: str) -> dict[str, str]:
    """Data of the ConfigMap by which aggregated servers learn whom to believe."""

    def listed(*names: str) -> str:
        return json.dumps(names, separators=(",", ":"))

    return {
        "client-ca-file": client_authority,
        "requestheader-client-ca-file": request_header_authority,
        # Every name: the authority signs nothing but certificates of front proxies.
        "requestheader-allowed-names": listed(),
        "requestheader-username-headers": listed(USER),
        "requestheader-uid-headers": listed(UID),
        "requestheader-group-headers": listed(GROUP),
        "requestheader-extra-headers-prefix": listed(EXTRA),
    }
