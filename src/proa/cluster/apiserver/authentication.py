"""From a credential to a user: client certificates of the cluster's authority, bearer tokens, or none."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver import bootstrap_tokens
from proa.cluster.apiserver.codec import notes
from proa.cluster.apiserver.identity import User, authenticated, service_account
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.tokens import PRIVATE, BadToken, Claims, TokenSigner, check_times
from proa.cluster.apiserver.view import View
from proa.cluster.store import Store
from proa.errors import Unauthorized
from proa.kube.resources import NODES, PODS, SECRETS, SERVICE_ACCOUNTS, Resource

CREDENTIAL = "authentication.kubernetes.io/credential-id"
_REMEMBERED = 4096
_BOUND: Mapping[str, Resource] = {"pod": PODS, "secret": SECRETS, "node": NODES}


def certificate_user(certificate: Mapping[str, Any] | None, der: bytes | None = None) -> User | None:
    """The user of a verified client certificate: CN is the name, each O a group."""
    if not certificate:
        return None
    pairs = [pair for part in certificate.get("subject", ()) for pair in part]
    names = [value for key, value in pairs if key == "commonName"]
    if not names:
        return None
    groups = tuple(value for key, value in pairs if key == "organizationName")
    known = {CREDENTIAL: (f"X509SHA256={hashlib.sha256(der).hexdigest()}",)} if der else {}
    return authenticated(names[0], groups, known)


@dataclass(slots=True)
class _Token:
    """What a signed token says; `alive_at` is the revision at which all that it lives by was there."""

    claims: Claims
    user: User
    alive_at: int = -1


class TokenAuthenticator:
    """Knows service-account and bootstrap tokens.

    Signatures are checked once; times, and whether what a token lives by is there, on every request.
    """

    def __init__(self, signer: TokenSigner, store: Store, audiences: Sequence[str]) -> None:
        self._signer = signer
        self._store = store
        self._view = View(store)
        self._audiences = frozenset(audiences)
        self._known: dict[str, _Token] = {}

    def user(self, token: str, audiences: frozenset[str] = frozenset()) -> User:
        """The user that the token speaks for. Raises Unauthorized."""
        if bootstrap_tokens.is_token(token):
            return bootstrap_tokens.user(self._view, token)
        try:
            known = self._known.get(token) or self._verify(token)
            check_times(known.claims, time.time())
            if (audiences or self._audiences).isdisjoint(known.claims["aud"]):
                raise BadToken("the token is for another audience")
            if known.alive_at != self._store.revision:
                self._check_alive(known.claims, token)
                known.alive_at = self._store.revision
        except (BadToken, KeyError) as error:
            raise Unauthorized("Unauthorized") from error
        return known.user

    def audiences(self, token: str) -> frozenset[str]:
        """Whom a token that was accepted is for."""
        known = self._known.get(token)
        return frozenset(known.claims["aud"]) if known else self._audiences

    @property
    def own_audiences(self) -> frozenset[str]:
        """Whom a token must be for to be accepted here."""
        return self._audiences

    def _verify(self, token: str) -> _Token:
        claims = self._signer.claims(token)
        about = claims[PRIVATE]
        account = about["serviceaccount"]
        extra = {CREDENTIAL: (f"JTI={claims['jti']}",)} if "jti" in claims else {}
        for kind, bound in about.items():
            if kind in ("pod", "node"):
                extra[f"authentication.kubernetes.io/{kind}-name"] = (bound["name"],)
                extra[f"authentication.kubernetes.io/{kind}-uid"] = (bound["uid"],)
        user = service_account(about["namespace"], account["name"], account["uid"], extra)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        known = self._known[token] = _Token(claims, user)
        return known

    def _check_alive(self, claims: Claims, token: str) -> None:
        """The account and what the token is bound to must be the ones of its making."""
        about = claims[PRIVATE]
        self._check_uid(SERVICE_ACCOUNTS, about["serviceaccount"], about["namespace"])
        for kind, resource in _BOUND.items():
            # A token names the node of its pod for information only: the pod is what it lives by.
            if kind in about and not (kind == "node" and "pod" in about):
                self._check_uid(resource, about[kind], about["namespace"])
        if "exp" not in claims:
            self._check_secret(about, token)

    def _check_uid(self, resource: Resource, wanted: Mapping[str, str], namespace: str) -> None:
        entry = self._store.get(object_key(resource, wanted["name"], namespace))
        if entry is None or notes(entry).uid != wanted["uid"]:
            raise BadToken(f"the {resource.kind} {wanted['name']} of the token is gone")

    def _check_secret(self, about: Claims, token: str) -> None:
        """A token without an end lives by the secret that holds it."""
        secret = self._view.get(SECRETS, about["secret"]["name"], about["namespace"])
        if secret is None or bootstrap_tokens.text_of(secret, "token") != token:
            raise BadToken("the secret of the token holds another one")
