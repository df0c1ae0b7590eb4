"""Asks a webhook over HTTPS: for admission, and for the conversion of custom resources.

Connections are kept and reused. Source: apiserver pkg/util/webhook/client.go; client-go rest/request.go.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import aiohttp
import msgspec

from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.addressing import ServiceResolver, url_of
from proa.errors import ProaError
from proa.kube.resources import Object

_LARGEST_ANSWER = 8 << 20
_KEEPALIVE_SECONDS = 90.0
_IDLE_CONTEXTS = 200


class CallFailed(ProaError):
    """The webhook could not be asked, or gave no answer that can be read; the message is upstream's."""


class WebhookCaller:
    """Posts objects to webhooks. Make it inside the event loop."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._session: aiohttp.ClientSession | None = None

    async def post(self, config: Mapping[str, Any], body: Object, seconds: float) -> Object:
        """The answer of the webhook at a clientConfig (`url` or `service`, `caBundle`). Raises CallFailed."""
        url = f"{url_of(config)}?timeout={math.ceil(seconds)}s"
        try:
            context = _context(config.get("caBundle") or "")
            async with self._open().post(
                url,
                data=encode_json(body),
                headers={"Content-Type": "application/json", "Accept": "application/json, */*"},
                ssl=context,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                answer = await _read(response)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise CallFailed(f'Post "{url}": {_reason(error)}') from error
        return _decoded(status, answer)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=ServiceResolver(self._view),
                use_dns_cache=False,
                limit=0,
                keepalive_timeout=_KEEPALIVE_SECONDS,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, headers={"User-Agent": "kube-apiserver-admission"}
            )
        return self._session

    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _LARGEST_ANSWER:
            raise ValueError(f"the answer is larger than {_LARGEST_ANSWER} bytes")
    return bytes(content)


@lru_cache(_IDLE_CONTEXTS)
def _context(bundle: str) -> ssl.SSLContext:
    """TLS that trusts the authorities of a caBundle (base64 of PEM), or those of the system."""
    if not bundle:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cadata=base64.b64decode(bundle).decode("ascii"))
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError) as error:
        raise ValueError("unable to load root certificates: unable to parse bytes as PEM block") from error


def _reason(error: Exception) -> str:
    """Why a call failed, in the words that clients know."""
    if isinstance(error, TimeoutError):
        return "context deadline exceeded"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"tls: failed to verify certificate: x509: {_certificate_problem(error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"dial tcp {error.host}:{error.port}: connect: {_refusal(error.os_error)}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    return str(error)


def _certificate_problem(error: Exception) -> str:
    message = getattr(error, "verify_message", "") or str(error)
    if "self-signed" in message or "unable to get local issuer" in message:
        return "certificate signed by unknown authority"
    return message


def _refusal(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


_REFUSALS = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    403: "forbidden: unknown",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    413: "Request Entity Too Large",
    415: "the body of the request was in an unknown format - accepted media types include: ",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the "
    "request",
}


def _decoded(status: int, answer: bytes) -> Object:
    if not 200 <= status < 300:
        text = answer.decode(errors="replace").strip() or "unknown"
        server_error = (
            f"an error on the server ({json.dumps(text)}) has prevented the request from succeeding"
        )
        raise CallFailed(_REFUSALS.get(status, server_error))
    try:
        decoded = msgspec.json.decode(answer)
    except msgspec.DecodeError as error:
        raise CallFailed(f"couldn't get version/kind; json parse error: {error}") from error
    if not isinstance(decoded, dict):
        raise CallFailed("couldn't get version/kind; json parse error: the answer is not an object")
    return decoded
