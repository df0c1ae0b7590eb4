"""Requests below pods/NAME/proxy, services/NAME/proxy and nodes/NAME/proxy, passed on byte by byte.

Source: apiserver pkg/endpoints/handlers, ConnectResource; apimachinery pkg/util/proxy.
"""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from proa.cluster.apiserver.actions import Actions
from proa.cluster.apiserver.http.page_links import Prefix
from proa.cluster.apiserver.http.page_relay import is_page, relay_page
from proa.cluster.apiserver.http.relaying import answer_of, end_to_end, relay
from proa.cluster.apiserver.http.reply import Reply
from proa.cluster.apiserver.http.tunnel import Tunnel
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.subresources.proxy import Backend, Locator, parse_name
from proa.cluster.apiserver.target import Target
from proa.errors import MethodNotAllowed, ServiceUnavailable

_CONNECT_SECONDS = 10
_VERBS = {
    hdrs.METH_GET: "get", hdrs.METH_HEAD: "get", hdrs.METH_OPTIONS: "get", hdrs.METH_POST: "create",
    hdrs.METH_PUT: "update", hdrs.METH_PATCH: "patch", hdrs.METH_DELETE: "delete",
}  # fmt: skip


def is_proxy(target: Target) -> bool:
    """Whether requests to the target are passed on."""
    return target.subresource == "proxy" and target.resource.group == ""


class ProxyRequests:
    """Authorises a request and passes it on."""

    def __init__(self, actions: Actions, locator: Locator, kubelet_context: ssl.SSLContext) -> None:
        self._actions = actions
        self._locator = locator
        self._kubelet_context = kubelet_context
        self._insecure = ssl.create_default_context()
        self._insecure.check_hostname = False
        self._insecure.verify_mode = ssl.CERT_NONE  # of pods and services nothing is known to check

    async def serve(self, request: web.BaseRequest, user: User, target: Target) -> web.StreamResponse:
        """Raises ApiError. A page asked for without a slash behind the proxy's name is sent there first."""
        verb = _VERBS.get(request.method)
        if verb is None:
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        _, name, _ = parse_name(target.name)
        self._actions.authorize(user, verb, target.of(name))
        rest = _below(request.raw_path, target)
        kind = target.kind.subresources["proxy"].kind
        options = {"apiVersion": "v1", "kind": kind, "path": rest.partition("?")[0]}
        await self._actions.connect(user, target.of(name), options)
        backend = self._locator.locate(target)
        if not rest.startswith("/"):
            if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
                path, _, query = request.raw_path.partition("?")
                return Reply(b"", 301, headers=[("Location", f"{path}/{'?' if query else ''}{query}")])
            rest = f"/{rest}"
        if hdrs.UPGRADE in request.headers:
            return await self._upgrade(request, backend, rest)
        return await self._pass(request, backend, rest)

    def _tls(self, backend: Backend) -> ssl.SSLContext | None:
        if backend.scheme != "https":
            return None
        return self._kubelet_context if backend.kubelet else self._insecure

    async def _pass(self, request: web.BaseRequest, backend: Backend, rest: str) -> web.StreamResponse:
        origin = URL.build(scheme=backend.scheme, host=backend.host, port=backend.port)
        url = URL(f"{str(origin).rstrip('/')}{rest}", encoded=True)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
        answer: web.StreamResponse | None = None
        try:
            async with (
                aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as session,
                session.request(
                    request.method,
                    url,
                    headers=[*end_to_end(request), ("X-Forwarded-Uri", request.raw_path.partition("?")[0])],
                    data=request.content if request.can_read_body else None,
                    ssl=self._tls(backend) or True,
                    allow_redirects=False,
                    skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING),
                ) as response,
            ):
                answer = answer_of(request, response)
                await _answer(request, response, answer, rest)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if answer is not None and answer.prepared:
                raise ConnectionResetError(f"{url.host} ended its answer halfway: {error}") from error
            raise _unreachable(url, error) from error
        return answer

    async def _upgrade(self, request: web.BaseRequest, backend: Backend, rest: str) -> web.StreamResponse:
        host = f"[{backend.host}]" if ":" in backend.host else backend.host
        lines = [f"{request.method} {rest} HTTP/1.1", f"Host: {host}:{backend.port}"]
        lines += [f"{name}: {value}" for name, value in end_to_end(request)]
        lines += ["Connection: Upgrade", f"Upgrade: {request.headers[hdrs.UPGRADE]}"]
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(
                    backend.host, backend.port, ssl=self._tls(backend)
                )
        except (OSError, TimeoutError) as error:
            raise _unreachable(URL.build(scheme=backend.scheme, host=backend.host), error) from error
        try:
            head = "\r\n".join([*lines, "", ""]).encode()
            return await Tunnel(reader, writer, backend.host).serve(request, head)
        finally:
            writer.close()


async def _answer(
    request: web.BaseRequest, response: aiohttp.ClientResponse, answer: web.StreamResponse, rest: str
) -> None:
    """Send an answer whose links, here and in a redirection, lead through the proxy."""
    before = request.raw_path.removesuffix(rest).removesuffix("/")
    prefix = Prefix(before, frozenset({response.url.authority, request.host}))
    if location := answer.headers.get(hdrs.LOCATION):
        answer.headers[hdrs.LOCATION] = prefix.url(location)
    elif is_page(answer):
        await relay_page(request, response, answer, prefix)
        return
    await relay(request, response.content.iter_any(), answer)


def _below(raw_path: str, target: Target) -> str:
    """What stands behind `/proxy` in a request's path, with the query."""
    path, mark, query = raw_path.partition("?")
    rest = path.partition(f"/{target.resource.plural}/")[2].partition("/")[2]
    return rest.removeprefix("proxy") + mark + query


def _unreachable(url: URL, error: BaseException) -> ServiceUnavailable:
    why = str(error) or type(error).__name__
    return ServiceUnavailable(f"error trying to reach service: {why} ({url.host})")
