"""Service account tokens for pods, by TokenRequest (source: pkg/kubelet/token)."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from proa.cluster.kubelet.pods import account_of
from proa.kube import SERVICE_ACCOUNTS, Client, Object, parse_time

_RENEW_AFTER = 0.8
_LONGEST_USE = 24 * 3600.0
_CONCURRENCY = 4
_SETBACK = 4.0
"""Seconds by which a clock may go back before a token counts as one from the future."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    made_at: float
    renew_at: float

    def wants_renewal(self, now: float) -> bool:
        """Whether it has lived long enough; or is not valid yet, as the clock was set back."""
        return not self.made_at - _SETBACK < now < self.renew_at


class TokenManager:
    """Keeps one token for each use, and knows when it wants renewal."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(_CONCURRENCY)
        self._tokens: dict[tuple[str, str, int], _Token] = {}

    async def token(self, pod: Object, audience: str, lifetime: int) -> str:
        """A token of the pod's service account; a new one after four fifths of its life. Raises ApiError."""
        key = (pod["metadata"]["uid"], audience, lifetime)
        known = self._tokens.get(key)
        if known is None or known.wants_renewal(time.time()):
            known = self._tokens[key] = await self._request(pod, audience, lifetime)
        return known.text

    def due(self) -> set[str]:
        """Uids of the pods that have a token to renew."""
        present = time.time()
        return {uid for (uid, _, _), token in self._tokens.items() if token.wants_renewal(present)}

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for key in [k for k in self._tokens if k[0] == uid]:
            del self._tokens[key]

    async def _request(self, pod: Object, audience: str, lifetime: int) -> _Token:
        metadata = pod["metadata"]
        request = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "spec": {
                "audiences": [audience] if audience else [],
                "expirationSeconds": lifetime,
                "boundObjectRef": {
                    "kind": "Pod",
                    "apiVersion": "v1",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                },
            },
        }
        async with self._turns:
            answer = await self._client.create(
                SERVICE_ACCOUNTS, request, metadata["namespace"], name=account_of(pod), subresource="token"
            )
        return _token(answer["status"])


def _token(status: Object) -> _Token:
    remaining = parse_time(status["expirationTimestamp"]).timestamp() - time.time()
    wait = min(remaining * _RENEW_AFTER, _LONGEST_USE) * random.uniform(0.9, 1.0)
    return _Token(status["token"], time.time(), time.time() + wait)
