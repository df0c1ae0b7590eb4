"""httpGet of probes and hooks, with redirects followed as far as the host that was asked.

Source: pkg/probe/http.
"""

from __future__ import annotations

import os
import ssl
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import aiohttp

from proa.cluster.kubelet.problems import HandlerError, HandlerStatusError
from proa.kube import Object, join_host_port

_MOST_READ = 10 * 1024
_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "kube-probe/1.37", "Connection": "close"}
_TLS = ssl.create_default_context()
_TLS.check_hostname = False
_TLS.verify_mode = ssl.CERT_NONE


class _Answer(NamedTuple):
    status: int
    location: str
    body: str


async def http_get(action: Object, port: int, host: str) -> str:
    """Ask once; what a person should know although it went well. Raises HandlerError.

    Success is any status from 200 to 399. A redirect to the same host is followed; one to elsewhere is not
    the container's business: the answer is good, with a warning.
    """
    first = url = _url(action, port, host)
    headers = _HEADERS | {header["name"]: header["value"] for header in action.get("httpHeaders") or ()}
    async with aiohttp.ClientSession() as session:
        for _ in range(_MOST_REDIRECTS):
            answer = await _ask(session, url, headers)
            if answer.status not in _REDIRECTS:
                return _verdict(answer)
            if not answer.location:
                raise HandlerError(f'Get "{url}": {answer.status} response missing Location header')
            target = urljoin(url, answer.location)
            if urlsplit(target).hostname != urlsplit(first).hostname:
                return _verdict(answer)
            url = target
    raise HandlerError(f'Get "{url}": stopped after {_MOST_REDIRECTS} redirects')


def _url(action: Object, port: int, host: str) -> str:
    scheme = (action.get("scheme") or "HTTP").lower()
    where = join_host_port(action.get("host") or host, port)
    return f"{scheme}://{where}/{(action.get('path') or '').lstrip('/')}"


def _verdict(answer: _Answer) -> str:
    if not 200 <= answer.status < 400:
        raise HandlerStatusError(f"HTTP probe failed with statuscode: {answer.status}")
    if answer.status < 300:
        return ""
    return f"Probe terminated redirects, Response body: {answer.body}"


async def _ask(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> _Answer:
    tls = _TLS if url.startswith("https:") else False
    try:
        async with session.get(
            url, headers=headers, ssl=tls, allow_redirects=False, skip_auto_headers=["Accept-Encoding"]
        ) as answer:
            body = await _body(answer.content)
            return _Answer(answer.status, answer.headers.get("Location", ""), body)
    except aiohttp.ClientConnectorError as fault:
        raise HandlerError(f'Get "{url}": {dial(fault.host, fault.port or 0, fault.os_error)}') from fault
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        raise HandlerError(f'Get "{url}": {fault}') from fault


async def _body(content: aiohttp.StreamReader) -> str:
    """As much as anybody looks at: a probe does not load what it will throw away."""
    body = b""
    while len(body) < _MOST_READ and (chunk := await content.read(_MOST_READ - len(body))):
        body += chunk
    return body.decode(errors="replace")


def dial(address: str, port: int, fault: OSError) -> str:
    """What Go says of a connection that cannot be made."""
    reason = os.strerror(fault.errno).lower() if fault.errno else str(fault)
    return f"dial tcp {join_host_port(address, port)}: connect: {reason}"
