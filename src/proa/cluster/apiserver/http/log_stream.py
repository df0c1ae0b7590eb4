"""A log on its way to a client: the body of an answer, or messages of a WebSocket.

Source: apiserver pkg/endpoints/handlers/responsewriters and its streaming of readers over WebSockets.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import hdrs, web

from proa.cluster.apiserver.http.connection import streaming
from proa.cluster.apiserver.http.reply import audit_headers

_BINARY, _BASE64 = "binary.k8s.io", "base64.binary.k8s.io"


async def send_log(request: web.BaseRequest, chunks: AsyncIterator[bytes]) -> web.StreamResponse:
    """Send all chunks, as a client asks for them. Raises ConnectionResetError when either side goes."""
    send = _over_socket if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket" else _as_body
    try:
        with streaming(request):
            return await send(request, chunks)
    except aiohttp.ClientError as error:
        raise ConnectionResetError("the kubelet ended the log halfway") from error


async def _as_body(request: web.BaseRequest, chunks: AsyncIterator[bytes]) -> web.StreamResponse:
    headers = {hdrs.CONTENT_TYPE: "text/plain", **dict(audit_headers(request))}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    async for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


async def _over_socket(request: web.BaseRequest, chunks: AsyncIterator[bytes]) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=(_BINARY, _BASE64), autoping=True)
    socket.headers.extend(audit_headers(request))
    await socket.prepare(request)
    async for chunk in chunks:
        if socket.ws_protocol == _BASE64:
            await socket.send_str(base64.b64encode(chunk).decode())
        else:
            await socket.send_bytes(chunk)
    await socket.close()
    return socket
