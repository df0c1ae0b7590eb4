"""The Client that speaks HTTP to an API server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from proa.errors import ApiError, InternalError, ServiceUnavailable
from proa.kube.client import PatchType, WatchEvent
from proa.kube.config import ClientConfig
from proa.kube.resources import Object, Resource

_USER_AGENT = "proa"
_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)
_WATCH_SILENCE = 100
"""Seconds without a byte after which a watch counts as dead; servers send a bookmark each minute."""

_Query = dict[str, str | int]

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct):
    type: str
    object: dict[str, Any]


_decode_line = msgspec.json.Decoder(_Line).decode


class HttpClient:
    """`proa.kube.Client` over aiohttp: one session, kept connections, JSON both ways."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None

    async def get(
        self, resource: Resource, name: str, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        return await self._request("GET", resource.path(namespace, name, subresource))

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Object:
        query: _Query = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "resourceVersion": resource_version,
            "limit": limit,
            "continue": continue_token,
        }
        return await self._request("GET", resource.path(namespace), query)

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        initial_events: bool = False,
        timeout_seconds: int = 0,
    ) -> AsyncIterator[WatchEvent]:
        query: _Query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "timeoutSeconds": timeout_seconds,
        }
        if initial_events:
            query["sendInitialEvents"] = "true"
            query["resourceVersionMatch"] = "NotOlderThan"
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_WATCH_SILENCE)
        async with self._send("GET", resource.path(namespace), query, timeout=patience) as response:
            await _raise_for_status(response)
            async for line in _lines(response):
                event = _decode_line(line)
                if event.type == "ERROR":
                    raise ApiError.from_status(event.object)
                yield WatchEvent(event.type, event.object)

    async def create(
        self, resource: Resource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        namespace = namespace or obj.get("metadata", {}).get("namespace", "")
        return await self._request("POST", resource.path(namespace, name, subresource), body=obj)

    async def update(self, resource: Resource, obj: Object, *, subresource: str = "") -> Object:
        metadata = obj["metadata"]
        path = resource.path(metadata.get("namespace", ""), metadata["name"], subresource)
        return await self._request("PUT", path, body=obj)

    async def patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any] | Sequence[Any],
        namespace: str = "",
        *,
        kind: PatchType = PatchType.MERGE,
        subresource: str = "",
        field_manager: str = "",
    ) -> Object:
        path = resource.path(namespace, name, subresource)
        return await self._request("PATCH", path, {"fieldManager": field_manager}, patch, kind.value)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        grace_period_seconds: int | None = None,
        propagation_policy: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Object:
        options = delete_options(grace_period_seconds, propagation_policy, uid, resource_version)
        return await self._request("DELETE", resource.path(namespace, name), body=options)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _send(
        self,
        method: str,
        path: str,
        query: _Query,
        body: Any = None,
        media_type: str = "application/json",
        timeout: aiohttp.ClientTimeout = _REQUEST_TIMEOUT,
    ) -> aiohttp.client._RequestContextManager:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._config.tls or True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": _USER_AGENT})
        headers = {"Accept": "application/json"}
        if token := self._config.token():
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = media_type
        return self._session.request(
            method,
            self._config.server + path,
            params={k: v for k, v in query.items() if v},
            data=None if body is None else _encode(body),
            headers=headers,
            timeout=timeout,
        )

    async def _request(
        self,
        method: str,
        path: str,
        query: _Query | None = None,
        body: Any = None,
        media_type: str = "application/json",
    ) -> Object:
        try:
            async with self._send(method, path, query or {}, body, media_type) as response:
                await _raise_for_status(response)
                return dict(_decode(await response.read()))
        except (aiohttp.ClientConnectionError, TimeoutError) as fault:
            raise ServiceUnavailable(f"{self._config.server} does not answer: {fault!r}") from fault


def delete_options(
    grace_period_seconds: int | None,
    propagation_policy: str | None,
    uid: str | None,
    resource_version: str | None,
) -> Object:
    """The DeleteOptions body with only what was asked for."""
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    options = {
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "gracePeriodSeconds": grace_period_seconds,
        "propagationPolicy": propagation_policy,
        "preconditions": {k: v for k, v in preconditions.items() if v is not None} or None,
    }
    return {k: v for k, v in options.items() if v is not None}


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    body = await response.read()
    try:
        status = _decode(body)
    except msgspec.DecodeError:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        raise InternalError(f"{response.method} {response.url.path}: HTTP {response.status}: {body[:200]!r}")
    raise ApiError.from_status(status)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Lines of any length (the stream's own reader limits them to 64 KiB)."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
