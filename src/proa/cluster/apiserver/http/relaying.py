"""What a proxy passes on: the headers meant for the other end, and its answer as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
from aiohttp import hdrs, web

from proa.cluster.apiserver.front_proxy import is_user_header
from proa.cluster.apiserver.http.connection import streaming
from proa.cluster.apiserver.http.reply import audit_headers

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that concern one connection only (RFC 9110, 7.6.1)."""
_OURS = frozenset({"host", "authorization"})
"""What was meant for us: where we are, and the credential by which we knew the user."""
_IMPERSONATION = "impersonate-"
"""Headers that we have acted on."""


def end_to_end(request: web.BaseRequest) -> Iterator[tuple[str, str]]:
    """The client's headers that are meant for who answers in the end."""
    named = {part.strip().lower() for part in request.headers.get(hdrs.CONNECTION, "").split(",")}
    dropped = _HOP_BY_HOP | _OURS | named | {hdrs.X_FORWARDED_FOR.lower()}
    for name, value in request.headers.items():
        lower = name.lower()
        if lower not in dropped and not is_user_header(name) and not lower.startswith(_IMPERSONATION):
            yield name, value


def answer_of(request: web.BaseRequest, response: aiohttp.ClientResponse) -> web.StreamResponse:
    """The beginning of the answer to the client."""
    answer = web.StreamResponse(status=response.status, reason=response.reason)
    for name, value in response.headers.items():
        if name.lower() not in _HOP_BY_HOP:
            answer.headers.add(name, value)
    for name, value in audit_headers(request):
        answer.headers[name] = value
    return answer


async def relay(request: web.BaseRequest, pieces: AsyncIterator[bytes], answer: web.StreamResponse) -> None:
    """Send the other end's answer to the client, each piece as it comes."""
    await answer.prepare(request)
    with streaming(request):
        async for piece in pieces:
            await answer.write(piece)
    await answer.write_eof()
