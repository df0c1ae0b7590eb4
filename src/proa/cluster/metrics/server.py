"""The HTTPS server of metrics.k8s.io (source: metrics-server; apidiscovery and meta/v1 documents)."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator

import msgspec
from aiohttp import web

from proa.cluster.metrics import objects
from proa.cluster.metrics.config import MetricsConfig
from proa.cluster.metrics.history import History
from proa.cluster.metrics.scraper import Scraper
from proa.errors import ApiError, BadRequest, NotFound, Unauthorized, UserError
from proa.kube import NODES, PODS, Informer, Manager, Object, labels_of
from proa.kube.meta import key_of, now
from proa.kube.selectors import Selector, parse_field_selector, parse_label_selector

_ROOT = f"/apis/{objects.API_VERSION}"
_SHUTDOWN = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MetricsServer:
    """Serves nodes and pods. Only the API server may ask, on behalf of whom it has authorised."""

    def __init__(self, manager: Manager, config: MetricsConfig) -> None:
        self._config = config
        self._nodes, self._pods = manager.informer(NODES), manager.informer(PODS)
        self.history = History(config.resolution)
        self._scraper = Scraper(config, self._nodes, self.history)
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return int(self._runner.addresses[0][1]) if self._runner and self._runner.addresses else 0

    async def run(self) -> None:
        """Scrape until cancelled; listen before."""
        try:
            await self._scraper.run()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Listen. Raises UserError when the port is taken."""
        app = web.Application(middlewares=[_guard])
        app.add_routes(list(self._routes()))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN)
        await self._runner.setup()
        config = self._config
        try:
            await web.TCPSite(self._runner, config.address, config.port, ssl_context=_tls(config)).start()
        except OSError as error:
            await self.stop()
            where = f"{config.address}:{config.port}"
            raise UserError(
                f"the metrics API cannot listen on {where}: {error.strerror or error}; "
                "stop what listens there, or start with --disable metrics-server"
            ) from error

    async def stop(self) -> None:
        """End all connections."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _routes(self) -> Iterator[web.RouteDef]:
        groups = {"kind": "APIGroupList", "apiVersion": "v1", "groups": [objects.API_GROUP]}
        group = {"kind": "APIGroup", "apiVersion": "v1", **objects.API_GROUP}
        yield web.get("/apis", _document(groups))
        yield web.get(f"/apis/{objects.GROUP}", _document(group))
        yield web.get(_ROOT, _document(objects.RESOURCES))
        yield web.get(f"{_ROOT}/nodes", self._list_nodes)
        yield web.get(f"{_ROOT}/nodes/{{name}}", self._get_node)
        yield web.get(f"{_ROOT}/pods", self._list_pods)
        yield web.get(f"{_ROOT}/namespaces/{{namespace}}/pods", self._list_pods)
        yield web.get(f"{_ROOT}/namespaces/{{namespace}}/pods/{{name}}", self._get_pod)

    async def _list_nodes(self, request: web.Request) -> web.Response:
        found = [self._node(node) for node in _selected(self._nodes, request)]
        return _answer(request, "NodeMetrics", [item for item in found if item])

    async def _list_pods(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace", "")
        pods = _selected(self._pods, request, namespace)
        return _answer(request, "PodMetrics", [item for pod in pods if (item := self._pod(pod))])

    async def _get_node(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        node = self._nodes.get(name)
        return _one(request, self._node(node) if node else None, "nodes", name)

    async def _get_pod(self, request: web.Request) -> web.Response:
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        pod = self._pods.get(f"{namespace}/{name}")
        return _one(request, self._pod(pod) if pod else None, "pods", f"{namespace}/{name}")

    def _node(self, node: Object) -> Object | None:
        used = self.history.node(node["metadata"]["name"])
        return objects.node_metrics(node, used, now()) if used else None

    def _pod(self, pod: Object) -> Object | None:
        """None as long as not all of its containers are measured."""
        if (pod.get("status") or {}).get("phase") != "Running":
            return None
        used = self.history.pod((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        return objects.pod_metrics(pod, used, now()) if used else None


def _selected(informer: Informer, request: web.Request, namespace: str = "") -> list[Object]:
    """The objects that the query's selectors leave, by key. Raises BadRequest."""
    try:
        labels = parse_label_selector(request.query.get("labelSelector", ""))
        fields = parse_field_selector(request.query.get("fieldSelector", ""))
    except ValueError as error:
        raise BadRequest(f"unable to parse requirement: {error}") from error
    found = [obj for obj in informer.list() if _matches(obj, labels, fields, namespace)]
    return sorted(found, key=key_of)


def _matches(obj: Object, labels: Selector, fields: Selector, namespace: str) -> bool:
    metadata = obj["metadata"]
    own = metadata.get("namespace", "")
    if namespace and own != namespace:
        return False
    names = {"metadata.name": metadata["name"], "metadata.namespace": own}
    return labels.matches(labels_of(obj)) and fields.matches(names)


def _one(request: web.Request, item: Object | None, plural: str, name: str) -> web.Response:
    if item is None:
        raise NotFound(
            f'{plural}.{objects.GROUP} "{name}" not found',
            {"name": name, "group": objects.GROUP, "kind": plural},
        )
    return _json(objects.table([item]) if _wants_table(request) else item)


def _answer(request: web.Request, kind: str, items: list[Object]) -> web.Response:
    return _json(objects.table(items) if _wants_table(request) else objects.listed(kind, items))


def _wants_table(request: web.Request) -> bool:
    first = request.headers.get("Accept", "").partition(",")[0]
    return "as=Table" in first and "v=v1;" in first + ";"


def _document(value: Object) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return _json(value)

    return answer


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only with a certificate of the front proxy's authority; a failure is a Status."""
    try:
        certificate = request.transport and request.transport.get_extra_info("peercert")
        if not certificate:
            raise Unauthorized("ask the API server at /apis/metrics.k8s.io: this is where it asks")
        return await handler(request)
    except ApiError as error:
        return _json(error.status(), error.code)
    except web.HTTPException as error:
        return _json(
            ApiError.from_status({"code": error.status, "message": error.reason}).status(), error.status
        )


def _tls(config: MetricsConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(config.front_proxy_authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(config.certificate, config.key)
    return context
