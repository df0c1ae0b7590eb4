"""Events that a person reads with kubectl describe (source: client-go tools/record)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

import aiohttp

from proa.errors import ApiError
from proa.kube.client import Client
from proa.kube.meta import now
from proa.kube.resources import EVENTS, Object

_log = logging.getLogger(__name__)

_REMEMBERED = 4096
_LONGEST_MESSAGE = 1024


class EventRecorder:
    """Writes Events behind the caller's back: recording never waits and never fails.

    The same event about the same object is written once and then counted.
    """

    def __init__(self, client: Client, component: str, node_name: str = "") -> None:
        self._client = client
        self._source = {"component": component} | ({"host": node_name} if node_name else {})
        self._written: OrderedDict[tuple[str, ...], tuple[str, int]] = OrderedDict()
        self._queue: asyncio.Queue[tuple[Object, str, str, str, str]] = asyncio.Queue(maxsize=_REMEMBERED)
        self._task: asyncio.Task[None] | None = None

    async def event(self, obj: Object, kind: str, reason: str, message: str, *, field_path: str = "") -> None:
        """Record that `reason` happened to `obj`; kind is Normal or Warning. Returns at once."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())
        try:
            self._queue.put_nowait((_reference(obj, field_path), kind, reason, message, now()))
        except asyncio.QueueFull:
            _log.warning("event dropped, %d wait already: %s %s", _REMEMBERED, reason, message)

    async def flush(self) -> None:
        """Until all recorded events are written or have failed."""
        await self._queue.join()

    async def _write_all(self) -> None:
        while True:
            entry = await self._queue.get()
            try:
                await self._write(*entry)
            except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as fault:
                _log.warning("event %s not written: %s", entry[2], fault)
            finally:
                self._queue.task_done()

    async def _write(self, involved: Object, kind: str, reason: str, message: str, at: str) -> None:
        namespace = involved.get("namespace") or "default"
        identity = (involved.get("uid", ""), involved.get("fieldPath", ""), kind, reason, message)
        if identity in self._written:
            name, count = self._written[identity]
            try:
                await self._client.patch(EVENTS, name, {"count": count + 1, "lastTimestamp": at}, namespace)
            except ApiError as fault:
                if fault.code != 404:
                    raise
            else:
                self._remember(identity, name, count + 1)
                return
        event = self._new(involved, namespace, kind, reason, message, at)
        await self._client.create(EVENTS, event, namespace)
        self._remember(identity, event["metadata"]["name"], 1)

    def _new(
        self, involved: Object, namespace: str, kind: str, reason: str, message: str, at: str
    ) -> dict[str, Any]:
        return {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": f"{involved['name']}.{time.time_ns():x}", "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message[:_LONGEST_MESSAGE],
            "source": self._source,
            "type": kind,
            "count": 1,
            "firstTimestamp": at,
            "lastTimestamp": at,
            "reportingComponent": self._source["component"],
            "reportingInstance": self._source.get("host", ""),
        }

    def _remember(self, identity: tuple[str, ...], name: str, count: int) -> None:
        self._written[identity] = (name, count)
        self._written.move_to_end(identity)
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)


def _reference(obj: Object, field_path: str) -> Object:
    metadata = obj["metadata"]
    reference = {
        "kind": obj.get("kind"),
        "apiVersion": obj.get("apiVersion"),
        "namespace": metadata.get("namespace"),
        "name": metadata["name"],
        "uid": metadata.get("uid"),
        "resourceVersion": metadata.get("resourceVersion"),
        "fieldPath": field_path,
    }
    return {k: v for k, v in reference.items() if v}
