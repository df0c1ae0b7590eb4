"""From an admitted request to its answer: streams, aggregated servers, objects, documents."""

from __future__ import annotations

from aiohttp import web

from proa.cluster.apiserver.aggregation import Aggregator
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.http.documents import Documents, not_found
from proa.cluster.apiserver.http.gate import Gate
from proa.cluster.apiserver.http.health import OPEN_PATHS
from proa.cluster.apiserver.http.objects import ObjectRequests
from proa.cluster.apiserver.http.proxying import ProxyRequests, is_proxy
from proa.cluster.apiserver.http.request_info import RequestInfo, RequestInfos
from proa.cluster.apiserver.http.router import Router
from proa.cluster.apiserver.http.upgrades import StreamRequests
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.subresources.streams import is_stream


class Handler:
    """Finds who answers."""

    def __init__(
        self,
        gate: Gate,
        authorizer: Authorizer,
        router: Router,
        objects: ObjectRequests,
        streams: StreamRequests,
        proxies: ProxyRequests,
        documents: Documents,
        aggregator: Aggregator,
    ) -> None:
        self._gate = gate
        self._authorizer = authorizer
        self._infos = RequestInfos(router)
        self._objects = objects
        self._streams = streams
        self._proxies = proxies
        self._documents = documents
        self._aggregator = aggregator

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        info = self._infos.find(request.method, request.raw_path)
        return await self._gate(request, info, self._serve)

    async def _serve(self, request: web.BaseRequest, user: User, info: RequestInfo) -> web.StreamResponse:
        remote = self._aggregator.find(info.path)
        if remote is not None:
            return await self._aggregator.serve(request, user, remote, info.path, info.query)
        route = info.route
        if route is not None and is_proxy(route.target):
            return await self._proxies.serve(request, user, route.target)
        if route is not None and is_stream(route.target):
            return await self._streams.serve(request, user, route.target, info.query)
        if route is not None:
            return await self._objects.serve(request, user, route, info.query)
        if info.path not in OPEN_PATHS:
            self._authorizer.require(user, info.action)
        found = await self._documents.serve(request, info.path, info.query)
        if found is None:
            raise not_found()
        return found
