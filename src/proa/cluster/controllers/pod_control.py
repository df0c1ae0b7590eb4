"""Making pods from a template and deleting them, with the events that say so."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from proa.cluster.controllers.expectations import Expectations
from proa.errors import ApiError, NotFound
from proa.kube import PODS, Client, EventRecorder, Object, key_of, owner_reference

_log = logging.getLogger(__name__)


def pod_from_template(owner: Object, template: Object, **metadata: object) -> Object:
    """A pod that `owner` controls, as its template says; a name is generated unless one is given."""
    source = template.get("metadata") or {}
    kept = {k: copy.deepcopy(source[k]) for k in ("labels", "annotations", "finalizers") if source.get(k)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": owner["metadata"]["namespace"]}
        | ({} if "name" in metadata else {"generateName": f"{owner['metadata']['name']}-"})
        | kept
        | {"ownerReferences": [owner_reference(owner)]}
        | metadata,
        "spec": copy.deepcopy(template["spec"]),
    }


class PodControl:
    """Writes pods for the owners of one controller; what was written is expected in the cache."""

    def __init__(self, client: Client, events: EventRecorder, expectations: Expectations) -> None:
        self._client = client
        self._events = events
        self._expectations = expectations

    async def create(self, owner: Object, pod: Object) -> Object:
        """Create the pod. A refusal is told as an event and raised."""
        namespace = owner["metadata"]["namespace"]
        try:
            made = await self._client.create(PODS, pod, namespace)
        except ApiError as fault:
            if not _is_ending(fault):
                await self._events.event(owner, "Warning", "FailedCreate", f"Error creating: {fault}")
            raise
        self._expectations.written(key_of(owner), made)
        name = made["metadata"]["name"]
        await self._events.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {name}")
        return made

    async def delete(self, owner: Object, pod: Object) -> None:
        """Delete the pod unless it is gone. A refusal is told as an event and raised."""
        metadata = pod["metadata"]
        try:
            with suppress(NotFound):
                await self._client.delete(PODS, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except ApiError as fault:
            await self._events.event(owner, "Warning", "FailedDelete", f"Error deleting: {fault}")
            raise
        self._expectations.removed(key_of(owner), pod)
        await self._events.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {metadata['name']}")


async def slow_start(count: int, create: Callable[[int], Awaitable[object]]) -> ApiError | None:
    """Call `create` with 0 to `count` - 1, in batches of 1, 2, 4 …; stop after the first with a failure.

    A refusal that meets all, such as a quota, is met a few times and not `count` times. The refusal
    is returned, but that of a namespace which is ending is nothing to tell.
    """
    start, size = 0, 1
    while start < count:
        batch = range(start, min(start + size, count))
        if fault := await first_fault([create(number) for number in batch]):
            return None if _is_ending(fault) else fault
        start, size = batch.stop, size * 2
    return None


async def first_fault(calls: Sequence[Awaitable[object]]) -> ApiError | None:
    """Await all at once; the first refusal, if any."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    refusal: ApiError | None = None
    for outcome in outcomes:
        if isinstance(outcome, ApiError):
            refusal = refusal or outcome
        elif isinstance(outcome, BaseException):
            raise outcome
    return refusal


def _is_ending(fault: ApiError) -> bool:
    causes = fault.details.get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)
