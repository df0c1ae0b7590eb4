"""The aggregation layer: groups and versions that other API servers answer, behind this one.

Source: kube-aggregator; https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

import aiohttp
import msgspec
from aiohttp import web

from proa.cluster.apiserver import front_proxy
from proa.cluster.apiserver.aggregation import proxy
from proa.cluster.apiserver.aggregation.backends import Backends
from proa.cluster.apiserver.aggregation.prober import Prober
from proa.cluster.apiserver.aggregation.registration import Registrar
from proa.cluster.apiserver.aggregation.remotes import API_SERVICES, Remote, Remotes
from proa.cluster.apiserver.aggregation.request_info import action_of
from proa.cluster.apiserver.aggregation.transport import Transport
from proa.cluster.apiserver.aggregation.trust import publish
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.config import ApiServerConfig
from proa.cluster.apiserver.following import Follower
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.view import View
from proa.errors import ApiError, NotFound, ServiceUnavailable
from proa.kube.client import Client
from proa.kube.resources import Object

Authorize = Callable[[User, Action], None]
"""Raises Forbidden unless the user may do it."""

_DOCUMENTS = "/openapi/v3/"
_READ_SECONDS = 30.0


class Aggregator:
    """Finds who answers a path, passes requests on, and keeps APIServices true."""

    def __init__(self, config: ApiServerConfig, view: View, authorize: Authorize) -> None:
        self.remotes = Remotes()
        self._config = config
        self._view = view
        self._authorize = authorize
        self._backends = Backends(view, self._service_changed)
        self._transport = Transport(config.front_proxy)
        self._proxy = proxy.Proxy(self._backends, self._transport, self._look)
        self._probers: dict[str, tuple[Prober, asyncio.Task[None]]] = {}
        self._client: Client | None = None

    def find(self, path: str) -> Remote | None:
        """Who answers a path, if it is not this server."""
        if not self.remotes or not path.startswith(("/apis/", _DOCUMENTS)):
            return None
        if path.startswith(_DOCUMENTS):
            return self.remotes.of_document(path.removeprefix(_DOCUMENTS).strip("/"))
        _, _, group, version, *_ = [*path.split("/", 4), ""]
        return self.remotes.find(group, version)

    async def serve(
        self, request: web.BaseRequest, user: User, remote: Remote, path: str, query: str
    ) -> web.StreamResponse:
        """The remote's answer. Raises Forbidden."""
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        self._authorize(user, action_of(request.method, path, parameters))
        return await self._proxy.serve(request, user, remote)

    async def read(self, user: User, path: str, query: Mapping[str, str]) -> Object:
        """The object that a GET of a remote path gives. Raises ApiError, as a client would see it."""
        return await self.ask(user, "GET", path, query)

    async def ask(self, user: User, method: str, path: str, query: Mapping[str, str]) -> Object:
        """What a remote answers to a request without a body. Raises ApiError, as a client would see it."""
        remote = self.find(path)
        if remote is None:
            raise NotFound("the server could not find the requested resource")
        self._authorize(user, action_of(method, path, query))
        if not remote.available:
            raise ServiceUnavailable("the server is currently unable to handle the request")
        target = f"{path}?{urlencode(query)}" if query else path
        headers = [("Accept", "application/json"), *front_proxy.user_headers(user)]
        asked = self._transport.request(
            remote, self._proxy.locate(remote), method, target, headers, seconds=_READ_SECONDS
        )
        try:
            async with asked as response:
                return _decoded(response.status, await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ServiceUnavailable(f"{remote.name} cannot be reached: {error}") from error

    async def start(self, client: Client, versions: Mapping[str, Iterable[str]]) -> list[asyncio.Task[None]]:
        """Make the local APIServices and the trust of aggregated servers; the tasks that keep all this true.

        `versions` are the built-in groups with their versions.
        """
        self._client = client
        registrar = Registrar(self._view, client, versions)
        await asyncio.gather(registrar.start(), publish(client, self._config))
        follower = Follower(self._view.store, API_SERVICES, self._observe)
        loop = asyncio.get_running_loop()
        return [loop.create_task(part.run()) for part in (registrar, follower, self._backends)]

    async def stop(self) -> None:
        """End the probers, give back connections."""
        tasks = [task for _, task in self._probers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._transport.close()

    def _observe(self, now: Object | None, before: Object | None) -> None:
        name = (now or before or {})["metadata"]["name"]
        old = self.remotes.get(name)
        self.remotes.observe(now, before)
        new = self.remotes.get(name)
        prober = self._probers.get(name)
        if new is None:
            if prober is not None:
                del self._probers[name]
                prober[1].cancel()
        elif prober is None:
            self._begin(name)
        elif new != old:
            prober[0].look()

    def _begin(self, name: str) -> None:
        assert self._client is not None
        prober = Prober(name, self._view, self._client, self.remotes, self._backends, self._transport)
        self._probers[name] = prober, asyncio.get_running_loop().create_task(prober.run())

    def _service_changed(self, namespace: str, name: str) -> None:
        for remote in self.remotes.all():
            if (remote.namespace, remote.service) == (namespace, name):
                self._look(remote.name)

    def _look(self, name: str) -> None:
        """Ask the server of that APIService now."""
        if name in self._probers:
            self._probers[name][0].look()


def _decoded(code: int, body: bytes) -> Object:
    """The object of an answer. Raises ApiError for a failure or for what is no object."""
    try:
        obj: Object = msgspec.json.decode(body, type=dict)
    except msgspec.DecodeError:
        message = body[:200].decode(errors="replace").strip() or f"the server answered {code}"
        raise ApiError.from_status({"code": code if code >= 400 else 502, "message": message}) from None
    if code >= 400:
        raise ApiError.from_status({"code": code, **obj})
    return obj
