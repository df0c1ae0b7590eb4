"""Tokens by which new nodes come in: secrets of kube-system (source: Kubernetes, bootstrap tokens)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import re

from proa.cluster.apiserver.identity import User, authenticated
from proa.cluster.apiserver.view import View
from proa.errors import Unauthorized
from proa.kube.meta import parse_time
from proa.kube.resources import SECRETS, Object

NAMESPACE = "kube-system"
TYPE = "bootstrap.kubernetes.io/token"
GROUP = "system:bootstrappers"
_TOKEN = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
_EXTRA_GROUP = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")


def is_token(text: str) -> bool:
    """Whether a bearer token has the form `abcdef.0123456789abcdef`."""
    return len(text) == 23 and _TOKEN.fullmatch(text) is not None


def user(view: View, token: str) -> User:
    """The user of a token that is there, alive and for authentication. Raises Unauthorized."""
    identity, _, secret = token.partition(".")
    found = view.get(SECRETS, f"bootstrap-token-{identity}", NAMESPACE)
    if found is None or found.get("type") != TYPE or "deletionTimestamp" in found["metadata"]:
        raise Unauthorized("Unauthorized")
    groups = _groups(found)
    right = hmac.compare_digest(text_of(found, "token-secret").encode(), secret.encode())
    named = text_of(found, "token-id") == identity
    allowed = text_of(found, "usage-bootstrap-authentication") == "true"
    if not (right and named and allowed) or expired(found) or groups is None:
        raise Unauthorized("Unauthorized")
    return authenticated(f"system:bootstrap:{identity}", (GROUP, *groups))


def text_of(secret: Object, key: str) -> str:
    """A value of a secret as text; empty when it is missing or none."""
    try:
        return base64.b64decode((secret.get("data") or {}).get(key) or "").decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def expiry(secret: Object) -> dt.datetime | None:
    """When the token ends; None when never. A text that is no time has ended."""
    text = text_of(secret, "expiration")
    try:
        return parse_time(text) if text else None
    except ValueError:
        return dt.datetime.fromtimestamp(0, dt.UTC)


def expired(secret: Object) -> bool:
    """Whether the token's time is over."""
    end = expiry(secret)
    return end is not None and end <= dt.datetime.now(dt.UTC)


def _groups(secret: Object) -> list[str] | None:
    """The further groups of the token's user; None when one of them is not allowed."""
    groups = sorted(set(filter(None, text_of(secret, "auth-extra-groups").split(","))))
    return groups if all(_EXTRA_GROUP.fullmatch(group) for group in groups) else None
