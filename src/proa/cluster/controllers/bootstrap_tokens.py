"""Bootstrap tokens: those whose time is over go, and cluster-info is signed by those that are for signing.

Source: Kubernetes controllers tokencleaner and bootstrapsigner; the ConfigMap cluster-info in kube-public,
once somebody has made it, is what a node without any credential reads and checks by its token (RFC 7515,
detached content).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable
from contextlib import suppress

from proa.cluster.apiserver.bootstrap_tokens import NAMESPACE, TYPE, expired, expiry, text_of
from proa.cluster.controllers.config import ControllersConfig
from proa.errors import NotFound
from proa.kube import CONFIG_MAPS, SECRETS, Controller, Manager, Object, Result, Source
from proa.kube.meta import key_of

_INFO_NAMESPACE, _INFO = "kube-public", "cluster-info"
_CONTENT, _SIGNATURE = "kubeconfig", "jws-kubeconfig-"


class TokenCleaner:
    """Reconciles the secrets of bootstrap tokens."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.tokens = manager.informer(SECRETS, NAMESPACE, field_selector=f"type={TYPE}")

    async def reconcile(self, key: str) -> Result | None:
        """Remove the token when its time is over, else come back then."""
        secret = self.tokens.get(key)
        end = expiry(secret) if secret else None
        if secret is None or end is None:
            return None
        metadata = secret["metadata"]
        if not expired(secret):
            return Result(requeue_after=(end - dt.datetime.now(dt.UTC)).total_seconds() + 0.1)
        with suppress(NotFound):
            await self._client.delete(SECRETS, metadata["name"], NAMESPACE, uid=metadata["uid"])
        return None


class InfoSigner:
    """Reconciles cluster-info."""

    def __init__(self, manager: Manager, cleaner: TokenCleaner) -> None:
        self._client = manager.client
        self._tokens = cleaner.tokens
        self.info = manager.informer(CONFIG_MAPS, _INFO_NAMESPACE, field_selector=f"metadata.name={_INFO}")

    def of_token(self, _token: Object) -> Iterable[str]:
        """Every token concerns the one ConfigMap."""
        return [key_of(info) for info in self.info.list()]

    async def reconcile(self, key: str) -> None:
        """Bring the signatures up to the present tokens and content."""
        info = self.info.get(key)
        content = ((info or {}).get("data") or {}).get(_CONTENT)
        if info is None or content is None:
            return
        kept = {name: value for name, value in info["data"].items() if not name.startswith(_SIGNATURE)}
        signed = {
            f"{_SIGNATURE}{text_of(token, 'token-id')}": signature(token, content)
            for token in self._tokens.list()
            if text_of(token, "usage-bootstrap-signing") == "true" and not expired(token)
        }
        if {**kept, **signed} != info["data"]:
            await self._client.update(CONFIG_MAPS, {**info, "data": {**kept, **signed}})


def signature(token: Object, content: str) -> str:
    """A detached JSON Web Signature (HS256) of the content by a token's secret."""
    header = _encode(json.dumps({"alg": "HS256", "kid": text_of(token, "token-id")}).encode())
    signed = f"{header}.{_encode(content.encode())}".encode()
    digest = hmac.new(text_of(token, "token-secret").encode(), signed, hashlib.sha256).digest()
    return f"{header}..{_encode(digest)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def setup(manager: Manager, _config: ControllersConfig) -> None:
    """Run both with the manager."""
    cleaner = TokenCleaner(manager)
    signer = InfoSigner(manager, cleaner)
    manager.add(Controller("token-cleaner", cleaner, sources=[Source(cleaner.tokens)]))
    sources = [Source(signer.info), Source(cleaner.tokens, signer.of_token)]
    manager.add(Controller("bootstrap-signer", signer, sources=sources))
