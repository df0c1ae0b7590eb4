"""The kubelet's HTTPS port: what the API server asks of a node (source: pkg/kubelet/server).

Callers show a client certificate of the cluster's CA or a token, and may do what RBAC lets them do to
`nodes/proxy`, `nodes/metrics` and the like.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from proa.cluster.kubelet.access import Gate
from proa.cluster.kubelet.config import EVERYWHERE, KubeletConfig, configuration
from proa.cluster.kubelet.cri import ContainerStatus, CriError
from proa.cluster.kubelet.logs import parse_options, stream_log
from proa.cluster.kubelet.observation import Observer
from proa.cluster.kubelet.pod_manager import PodManager
from proa.cluster.kubelet.pods import container_statuses, find_container
from proa.cluster.kubelet.stats import StatsRoutes
from proa.cluster.kubelet.streams import StreamRoutes
from proa.errors import ApiError, BadRequest, InternalError, NotFound
from proa.kube import Object

_NODE_LOGS = "/var/log"
"""What `get --raw /api/v1/nodes/NAME/proxy/logs/` shows: the machine's logs, no links that lead elsewhere."""
_SHUTDOWN = 1.0
_LONGEST_LINE = 1 << 20
"""The API server's own limit: commands of exec stand in the line."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class KubeletServer:
    """Serves logs, live connections into containers, the list of pods, and what all of it uses."""

    def __init__(
        self,
        config: KubeletConfig,
        gate: Gate,
        pods: PodManager,
        observer: Observer,
        streams: StreamRoutes,
        stats: StatsRoutes,
    ) -> None:
        self._config = config
        self._gate = gate
        self._pods = pods
        self._observer = observer
        self._streams = streams
        self._stats = stats
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken, ssl.SSLError for bad certificates."""
        app = web.Application(middlewares=[self._authorize, _say_errors])
        app.add_routes(
            [
                web.get("/healthz", _healthz),
                web.get("/pods", self._list_pods),
                web.get("/runningpods{slash:/?}", self._list_running),
                web.get("/containerLogs/{namespace}/{pod}/{container}", self._logs),
                web.get("/configz", self._configuration),
                web.static("/logs", _NODE_LOGS, show_index=True),
                *self._streams.routes(),
                *self._stats.routes(),
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN, max_line_size=_LONGEST_LINE
        )
        await self._runner.setup()
        tls = _tls(self._config)
        for host in _hosts(self._config):
            await web.TCPSite(self._runner, host, self._config.port, ssl_context=tls).start()

    async def stop(self) -> None:
        """End all connections."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        return await self._gate.pass_on(request, handler)

    async def _list_pods(self, _: web.Request) -> web.Response:
        return _pod_list(self._pods.pods())

    async def _list_running(self, _: web.Request) -> web.Response:
        """What of each pod runs, as the runtime says."""
        pods = self._pods.pods()
        seen = [await self._observer.observe(pod["metadata"]["uid"]) for pod in pods]
        return _pod_list(
            [_running(pod, each.running) for pod, each in zip(pods, seen, strict=True) if each.running]
        )

    async def _configuration(self, _: web.Request) -> web.Response:
        return web.json_response({"kubeletconfig": configuration(self._config)})

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        options = parse_options(request.query)
        container = await self._container(request.match_info, previous=options.previous)
        uid = self._pod(request.match_info)["metadata"]["uid"]

        async def is_running() -> bool:
            now = (await self._observer.observe(uid)).running
            return any(c.id == container.id for c in now)

        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        try:
            async for chunk in stream_log(Path(container.log_path), options, is_running):
                await response.write(chunk)
        except FileNotFoundError:
            await response.write(
                f"unable to retrieve container logs for containerd://{container.id}".encode()
            )
        await response.write_eof()
        return response

    def _pod(self, where: Any) -> Object:
        pod = self._pods.find(where["namespace"], where["pod"])
        if pod is None:
            raise NotFound(f'pod "{where["pod"]}" does not exist')
        return pod

    async def _container(self, where: Any, *, previous: bool) -> ContainerStatus:
        """The container whose log is asked for. Raises ApiError with upstream's messages."""
        pod, name = self._pod(where), where["container"]
        what = f'container "{name}" in pod "{where["pod"]}"'
        if find_container(pod, name) is None:
            raise NotFound(f"{what} is not found")
        seen = await self._observer.observe(pod["metadata"]["uid"])
        found = seen.previous(name) if previous else seen.latest(name)
        if found is None and previous:
            raise BadRequest(f"previous terminated {what} not found")
        if found is None:
            raise BadRequest(f"{what} is waiting to start: {_waiting_reason(pod, name)}")
        return found


def _pod_list(items: Sequence[Object]) -> web.Response:
    return web.json_response({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items})


def _running(pod: Object, containers: Iterable[ContainerStatus]) -> Object:
    identity = {key: pod["metadata"][key] for key in ("name", "namespace", "uid")}
    running = [{"name": each.name, "image": each.image, "resources": {}} for each in containers]
    return {"metadata": identity, "spec": {"containers": running}, "status": {}}


def _waiting_reason(pod: Object, name: str) -> str:
    for entry in container_statuses(pod):
        if entry["name"] == name and "waiting" in entry["state"]:
            return str(entry["state"]["waiting"].get("reason"))
    return "ContainerCreating"


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def _hosts(config: KubeletConfig) -> list[str]:
    """Where to listen: everywhere means in both families when the node has both."""
    with_ipv6 = any(":" in ip for ip in config.node_ips) and config.address == EVERYWHERE
    return [config.address, *(["::"] if with_ipv6 else [])]


def _tls(config: KubeletConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(config.tls_cert, config.tls_key)
    context.load_verify_locations(config.client_ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


@web.middleware
async def _say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as fault:
        return web.Response(status=fault.code, text=fault.message)
    except CriError as fault:
        return web.Response(status=InternalError.code, text=str(fault))
