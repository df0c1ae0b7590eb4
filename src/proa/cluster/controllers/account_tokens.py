"""Secrets of type kubernetes.io/service-account-token hold a token of their account that does not end.

Source: Kubernetes token controller. A secret whose account is gone goes too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.errors import NotFound
from proa.kube import SECRETS, SERVICE_ACCOUNTS, Controller, Manager, Object, Source
from proa.kube.meta import annotations_of, key_of

TYPE = "kubernetes.io/service-account-token"
_NAME, _UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
LastingToken = Callable[[str, tuple[str, str], tuple[str, str]], str]


class AccountTokens:
    """Reconciles secrets of that type."""

    def __init__(self, manager: Manager, sign: LastingToken, root_ca: str) -> None:
        self._client = manager.client
        self._sign = sign
        self._root_ca = base64.b64encode(root_ca.encode()).decode()
        self.secrets = manager.informer(SECRETS, field_selector=f"type={TYPE}")
        self.accounts = manager.informer(SERVICE_ACCOUNTS)

    def of_account(self, account: Object) -> Iterable[str]:
        """The secrets of an account."""
        namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
        for secret in self.secrets.list():
            if secret["metadata"]["namespace"] == namespace and annotations_of(secret).get(_NAME) == name:
                yield key_of(secret)

    async def reconcile(self, key: str) -> None:
        """Fill in what is missing, or remove the secret of an account that is gone."""
        secret = self.secrets.get(key)
        if secret is None:
            return
        metadata, notes = secret["metadata"], annotations_of(secret)
        account = self.accounts.get(f"{metadata['namespace']}/{notes.get(_NAME)}")
        uid = account["metadata"]["uid"] if account else ""
        if account is None or notes.get(_UID) not in (None, uid):
            with suppress(NotFound):
                await self._client.delete(
                    SECRETS, metadata["name"], metadata["namespace"], uid=metadata["uid"]
                )
            return
        filled = self._filled(secret, account)
        if filled != secret:
            await self._client.update(SECRETS, filled)

    def _filled(self, secret: Object, account: Object) -> Object:
        metadata, data = secret["metadata"], dict(secret.get("data") or {})
        namespace, name, uid = metadata["namespace"], account["metadata"]["name"], account["metadata"]["uid"]
        if not data.get("token"):
            token = self._sign(namespace, (name, uid), (metadata["name"], metadata["uid"]))
            data["token"] = base64.b64encode(token.encode()).decode()
        data["ca.crt"] = self._root_ca
        data["namespace"] = base64.b64encode(namespace.encode()).decode()
        annotations = {**annotations_of(secret), _UID: uid}
        return {**secret, "data": data, "metadata": {**metadata, "annotations": annotations}}


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager, when tokens can be signed."""
    if config.lasting_token is None:
        return
    reconciler = AccountTokens(manager, config.lasting_token, config.root_ca)
    sources = [Source(reconciler.secrets), Source(reconciler.accounts, reconciler.of_account)]
    manager.add(Controller("account-tokens", reconciler, sources=sources))
