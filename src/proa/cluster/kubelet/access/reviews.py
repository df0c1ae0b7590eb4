"""Asks the API who a token is and what a user may do; answers are good for a short while."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from proa.cluster.kubelet.access.caller import Caller, of_review
from proa.kube import Client, Resource

TOKEN_REVIEWS = Resource("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False)
ACCESS_REVIEWS = Resource(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)

_GRANTED = 30.0
_REFUSED = 5.0
"""Seconds for which an answer is not asked for again; what was just allowed must work soon."""
_REMEMBERED = 1024

Answer = TypeVar("Answer")
Clock = Callable[[], float]


class Reviews:
    """TokenReview and SubjectAccessReview for one node. Every method raises ApiError."""

    def __init__(self, client: Client, node_name: str, clock: Clock = time.monotonic) -> None:
        self._client = client
        self._node_name = node_name
        self._callers: _Memory[Caller | None] = _Memory(clock)
        self._rights: _Memory[bool] = _Memory(clock)

    async def caller(self, token: str) -> Caller | None:
        """Whose token it is; None when it is nobody's."""
        key = hashlib.sha256(token.encode()).digest()  # a memory of tokens would be worth stealing
        if (known := self._callers.get(key)) is not None:
            return known[0]
        review = await self._client.create(TOKEN_REVIEWS, {"spec": {"token": token}})
        return self._callers.put(key, of_review(review.get("status") or {}))

    async def may(self, caller: Caller, verb: str, subresource: str) -> bool:
        """Whether the user may do that to this node's subresource."""
        key = (caller, verb, subresource)
        if (known := self._rights.get(key)) is not None:
            return known[0]
        attributes = {
            "verb": verb,
            "version": "v1",
            "resource": "nodes",
            "subresource": subresource,
            "name": self._node_name,
        }
        spec = caller.spec() | {"resourceAttributes": attributes}
        review = await self._client.create(ACCESS_REVIEWS, {"spec": spec})
        return self._rights.put(key, bool((review.get("status") or {}).get("allowed")))


class _Memory(Generic[Answer]):
    """Answers with their age; the oldest go when there are too many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: OrderedDict[Hashable, tuple[float, Answer]] = OrderedDict()

    def get(self, key: Hashable) -> tuple[Answer] | None:
        found = self._answers.get(key)
        return (found[1],) if found is not None and found[0] > self._clock() else None

    def put(self, key: Hashable, answer: Answer) -> Answer:
        self._answers[key] = (self._clock() + (_GRANTED if answer else _REFUSED), answer)
        self._answers.move_to_end(key)
        if len(self._answers) > _REMEMBERED:
            self._answers.popitem(last=False)
        return answer
