"""From a credential to a user: client certificates of the cluster's authority, bearer tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from proa.cluster.apiserver.codec import notes
from proa.cluster.apiserver.identity import User, authenticated, service_account
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.tokens import PRIVATE, BadToken, Claims, TokenSigner, check_times
from proa.cluster.store import Store
from proa.errors import Unauthorized
from proa.kube.resources import NODES, PODS, SECRETS, SERVICE_ACCOUNTS, Resource

_REMEMBERED = 4096
_BOUND: Mapping[str, Resource] = {"pod": PODS, "secret": SECRETS, "node": NODES}


def certificate_user(certificate: Mapping[str, Any] | None) -> User | None:
    """The user of a verified client certificate: CN is the name, each O a group."""
    if not certificate:
        return None
    pairs = [pair for part in certificate.get("subject", ()) for pair in part]
    names = [value for key, value in pairs if key == "commonName"]
    groups = tuple(value for key, value in pairs if key == "organizationName")
    return authenticated(names[0], groups) if names else None


class TokenAuthenticator:
    """Knows service-account tokens. Signatures are checked once; times and uids on every request."""

    def __init__(self, signer: TokenSigner, store: Store, audiences: Sequence[str]) -> None:
        self._signer = signer
        self._store = store
        self._audiences = frozenset(audiences)
        self._known: dict[str, tuple[Claims, User]] = {}

    def user(self, token: str, audiences: frozenset[str] = frozenset()) -> User:
        """The account that the token speaks for. Raises Unauthorized."""
        try:
            claims, user = self._known.get(token) or self._verify(token)
            check_times(claims, time.time())
            if not (audiences or self._audiences).intersection(claims["aud"]):
                raise BadToken("the token is for another audience")
            self._check_alive(claims[PRIVATE])
        except (BadToken, KeyError) as error:
            raise Unauthorized("Unauthorized") from error
        return user

    def audiences(self, token: str) -> frozenset[str]:
        """Whom a token that was accepted is for."""
        return frozenset(self._known[token][0]["aud"])

    def _verify(self, token: str) -> tuple[Claims, User]:
        claims = self._signer.claims(token)
        about = claims[PRIVATE]
        account = about["serviceaccount"]
        extra = {"authentication.kubernetes.io/credential-id": (f"JTI={claims['jti']}",)}
        for kind, bound in about.items():
            if kind in ("pod", "node"):
                extra[f"authentication.kubernetes.io/{kind}-name"] = (bound["name"],)
                extra[f"authentication.kubernetes.io/{kind}-uid"] = (bound["uid"],)
        user = service_account(about["namespace"], account["name"], account["uid"], extra)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = claims, user
        return claims, user

    def _check_alive(self, about: Claims) -> None:
        """The account and what the token is bound to must be the ones of its making."""
        self._check_uid(SERVICE_ACCOUNTS, about["serviceaccount"], about["namespace"])
        for kind, resource in _BOUND.items():
            # A token names the node of its pod for information only: the pod is what it lives by.
            if kind in about and not (kind == "node" and "pod" in about):
                self._check_uid(resource, about[kind], about["namespace"])

    def _check_uid(self, resource: Resource, wanted: Mapping[str, str], namespace: str) -> None:
        entry = self._store.get(object_key(resource, wanted["name"], namespace))
        if entry is None or notes(entry).uid != wanted["uid"]:
            raise BadToken(f"the {resource.kind} {wanted['name']} of the token is gone")
