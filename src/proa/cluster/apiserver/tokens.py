"""Service-account tokens: JSON Web Tokens signed with ES256 (RFC 7515, 7518, 7519).

A token names its account by uid, and may be bound to a pod, secret or node; it is valid only
as long as these exist.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from proa.errors import UserError

Claims = dict[str, Any]
PRIVATE = "kubernetes.io"
_CURVE_BYTES = 32


class BadToken(Exception):
    """The token is not ours, not well formed, or expired; the text says which."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to say."""

    namespace: str
    account: str
    account_uid: str
    audiences: Sequence[str]
    seconds: int
    bound: dict[str, dict[str, str]]
    """`{"pod": {"name", "uid"}}`, or empty."""


class TokenSigner:
    """Signs and checks tokens with one EC P-256 key."""

    def __init__(self, pem: bytes, issuer: str) -> None:
        self.issuer = issuer
        self._key = _load(pem)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._key_id = _base64(hashlib.sha256(public).digest())
        self._header = _encode({"alg": "ES256", "kid": self._key_id, "typ": "JWT"})

    def public_key(self) -> dict[str, str]:
        """The public half as a JSON Web Key (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_base64(value.to_bytes(_CURVE_BYTES, "big")) for value in (numbers.x, numbers.y))
        return {
            "use": "sig",
            "kty": "EC",
            "kid": self._key_id,
            "crv": "P-256",
            "alg": "ES256",
            "x": x,
            "y": y,
        }

    def sign(self, grant: Grant) -> tuple[str, float]:
        """(token, time of expiry)."""
        now = int(time.time())
        claims = {
            "aud": list(grant.audiences),
            "exp": now + grant.seconds,
            "iat": now,
            "iss": self.issuer,
            "jti": str(uuid.uuid4()),
            "nbf": now,
            "sub": f"system:serviceaccount:{grant.namespace}:{grant.account}",
            PRIVATE: {
                "namespace": grant.namespace,
                "serviceaccount": {"name": grant.account, "uid": grant.account_uid},
                **grant.bound,
            },
        }
        return self._signed(claims), float(now + grant.seconds)

    def sign_lasting(self, namespace: str, account: tuple[str, str], secret: tuple[str, str]) -> str:
        """A token without an end, which lives by the secret that holds it; (name, uid) each."""
        claims = {
            "iss": self.issuer,
            "aud": [self.issuer],
            "sub": f"system:serviceaccount:{namespace}:{account[0]}",
            PRIVATE: {
                "namespace": namespace,
                "serviceaccount": {"name": account[0], "uid": account[1]},
                "secret": {"name": secret[0], "uid": secret[1]},
            },
        }
        return self._signed(claims)

    def _signed(self, claims: Claims) -> str:
        payload = f"{self._header}.{_encode(claims)}"
        signature = self._key.sign(payload.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(signature)
        raw = r.to_bytes(_CURVE_BYTES, "big") + s.to_bytes(_CURVE_BYTES, "big")
        return f"{payload}.{_base64(raw)}"

    def claims(self, token: str) -> Claims:
        """The claims of a token that this key signed; its times are checked apart. Raises BadToken."""
        payload, _, signature = token.rpartition(".")
        header, _, body = payload.partition(".")
        try:
            if json.loads(_unbase64(header))["alg"] != "ES256":
                raise BadToken("the token is signed with another algorithm")
            raw = _unbase64(signature)
            r, s = int.from_bytes(raw[:_CURVE_BYTES], "big"), int.from_bytes(raw[_CURVE_BYTES:], "big")
            der = utils.encode_dss_signature(r, s)
            self._key.public_key().verify(der, payload.encode(), ec.ECDSA(hashes.SHA256()))
            claims: Claims = json.loads(_unbase64(body))
        except (ValueError, KeyError, TypeError) as error:
            raise BadToken("the token is not well formed") from error
        except InvalidSignature:
            raise BadToken("the token's signature is not valid") from None
        if claims.get("iss") != self.issuer:
            raise BadToken("the token was issued by another cluster")
        return claims


def _load(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UserError("the service-account key must be an EC P-256 key in PEM form")
    return key


def check_times(claims: Claims, now: float) -> None:
    """Raises BadToken outside of the time in which the token holds."""
    if "exp" in claims and now >= claims["exp"]:
        raise BadToken("service account token has expired")
    if now < claims.get("nbf", 0) - 5:
        raise BadToken("service account token is not valid yet")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode(value: Any) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())
