"""Paths of the kubelet's port that become live connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aiohttp import hdrs, web

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import ContainerStatus, Runtime, Sandbox, Tasks
from proa.cluster.kubelet.observation import Observer
from proa.cluster.kubelet.pod_manager import PodManager
from proa.cluster.kubelet.pods import find_container
from proa.cluster.kubelet.streams import port_channels, port_forward
from proa.cluster.kubelet.streams.attach import attach
from proa.cluster.kubelet.streams.channels import PROTOCOLS
from proa.cluster.kubelet.streams.exec import Executor
from proa.cluster.kubelet.streams.options import ExecOptions, StreamOptions
from proa.cluster.kubelet.streams.runtime_connection import runtime_connection
from proa.cluster.kubelet.streams.socket import StreamSocket
from proa.errors import BadRequest, InternalError, NotFound
from proa.kube import Object


class StreamRoutes:
    """Finds the container that is meant, then hands over to what serves it."""

    def __init__(
        self, config: KubeletConfig, pods: PodManager, observer: Observer, runtime: Runtime, tasks: Tasks
    ) -> None:
        self._pods = pods
        self._observer = observer
        self._runtime = runtime
        self._executor = Executor(tasks, config.streams_dir)

    def routes(self) -> Iterable[web.RouteDef]:
        """What the server has to add."""
        return (
            web.get("/exec/{namespace}/{pod}/{container}", self._exec),
            web.get("/attach/{namespace}/{pod}/{container}", self._attach),
            web.get("/portForward/{namespace}/{pod}", self._port_forward),
        )

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        options = ExecOptions.parse(request.query)
        container = await self._container(request.match_info)
        socket = await upgrade(request, PROTOCOLS)
        await self._executor.run(container.id, options, StreamSocket(socket))
        return socket

    async def _attach(self, request: web.Request) -> web.StreamResponse:
        options = StreamOptions.parse(request.query)
        container = await self._container(request.match_info)
        spec = find_container(self._pod(request.match_info), container.name) or {}
        once = bool(spec.get("stdinOnce"))
        async with attach(self._runtime, container.id, options, stdin_once=once) as attachment:
            socket = await upgrade(request, PROTOCOLS)
            await attachment.relay(StreamSocket(socket))
            await socket.close()
        return socket

    async def _port_forward(self, request: web.Request) -> web.StreamResponse:
        sandbox = await self._sandbox(request.match_info)
        tunnelled = port_forward.PROTOCOL in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "")
        ports = [] if tunnelled else port_channels.parse_ports(request.query.getall("port", []))
        url = await self._runtime.port_forward(sandbox.id)
        async with runtime_connection(url, port_forward.RUNTIME_PROTOCOL) as connection:
            socket = await upgrade(request, (port_forward.PROTOCOL, *port_channels.PROTOCOLS))
            if socket.ws_protocol == port_forward.PROTOCOL:
                await port_forward.Forwarding(*connection).relay(socket)
            else:
                await port_channels.PortChannels(connection, ports).relay(StreamSocket(socket))
                await socket.close()
        return socket

    def _pod(self, where: Mapping[str, str]) -> Object:
        pod = self._pods.find(where["namespace"], where["pod"])
        if pod is None:
            raise NotFound("pod does not exist")
        return pod

    async def _sandbox(self, where: Mapping[str, str]) -> Sandbox:
        pod = self._pod(where)
        sandbox = (await self._observer.observe(pod["metadata"]["uid"])).ready_sandbox
        if sandbox is None:
            raise InternalError(f"sandbox of pod {where['pod']} is not running")
        return sandbox

    async def _container(self, where: Mapping[str, str]) -> ContainerStatus:
        """The container, which must run. Raises InternalError with upstream's messages."""
        pod, name = self._pod(where), where["container"]
        seen = await self._observer.observe(pod["metadata"]["uid"])
        found = seen.latest(name) if find_container(pod, name) else None
        if found is None:
            raise InternalError(f'container not found ("{name}")')
        if not found.running:
            raise InternalError(f"container is in CONTAINER_{found.state.name} state")
        return found


async def upgrade(request: web.Request, protocols: Sequence[str]) -> web.WebSocketResponse:
    """Turn a request into a WebSocket of one of these protocols. Raises BadRequest when it cannot be.

    It is the last step: kubectl asks again over SPDY when this fails, and what it shows is the answer to
    that; so both must meet the same errors before.
    """
    asked = request.headers.get(hdrs.UPGRADE, "")
    if not asked:
        raise BadRequest("Upgrade request required")
    if asked.lower() != "websocket":
        raise BadRequest(f"this cluster streams over WebSocket, not {asked}: use kubectl 1.31 or newer")
    offered = [name.strip() for name in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    if not set(offered) & set(protocols):
        raise BadRequest(
            f"unable to negotiate protocol: client supports {offered}, server accepts {[*protocols]}"
        )
    socket = web.WebSocketResponse(protocols=protocols, compress=False)
    await socket.prepare(request)
    return socket
