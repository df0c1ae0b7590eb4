"""Requests that become live connections into pods."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from proa.cluster.apiserver.actions import Actions
from proa.cluster.apiserver.http.tunnel import Tunnel, request_head
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.subresources.log import KubeletClient
from proa.cluster.apiserver.subresources.streams import locate, stream_options
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.view import View
from proa.errors import MethodNotAllowed
from proa.kube.resources import PODS


class StreamRequests:
    """Authorises a stream and joins it to the kubelet of the pod's node."""

    def __init__(self, actions: Actions, view: View, kubelets: KubeletClient) -> None:
        self._actions = actions
        self._view = view
        self._kubelets = kubelets

    async def serve(
        self, request: web.BaseRequest, user: User, target: Target, query: str
    ) -> web.StreamResponse:
        """Raises ApiError. A GET may do what only a POST did before WebSockets, so it needs both rights."""
        if request.method not in (hdrs.METH_GET, hdrs.METH_POST):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        if request.method == hdrs.METH_GET:
            self._actions.authorize(user, "get", target)
        self._actions.authorize(user, "create", target)
        pod = self._view.get(PODS, target.name, target.namespace)
        if pod is None:
            raise target.not_found()
        pairs = parse_qsl(query, keep_blank_values=True)
        location = locate(target, pod, pairs)
        await self._actions.connect(user, target, stream_options(target, pairs))
        async with self._kubelets.connect(location.node) as (reader, writer):
            return await Tunnel(reader, writer).serve(request, request_head(location.path, request.headers))
