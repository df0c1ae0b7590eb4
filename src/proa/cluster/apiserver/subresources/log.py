"""pods/log: the container's log, as the kubelet of its node streams it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.view import View
from proa.errors import BadRequest, InternalError, NotFound, ServiceUnavailable
from proa.kube.addresses import kubelet_address
from proa.kube.resources import NODES, PODS, Object

_CONNECT_SECONDS = 5
_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


class KubeletClient:
    """Requests to the kubelets, with the API server's own client certificate."""

    def __init__(self, view: View, context: ssl.SSLContext) -> None:
        self._view = view
        self._context = context
        self._session: aiohttp.ClientSession | None = None

    def base(self, node_name: str) -> URL:
        """Where a node's kubelet listens. Raises NotFound, ServiceUnavailable."""
        node = self._view.get(NODES, node_name)
        if node is None:
            raise NotFound(f'nodes "{node_name}" not found')
        address = kubelet_address(node)
        if address is None:
            raise ServiceUnavailable(f"node {node_name} has no address yet")
        return URL.build(scheme="https", host=address[0], port=address[1])

    @asynccontextmanager
    async def get(
        self, node_name: str, path: str, query: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response that streams. Raises ServiceUnavailable when the kubelet cannot be reached."""
        url = (self.base(node_name) / path.lstrip("/")).with_query(query)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._context))
        try:
            response = await self._session.get(url, timeout=timeout)
        except aiohttp.ClientConnectionError as error:
            raise ServiceUnavailable(f"the kubelet of node {node_name} cannot be reached: {error}") from error
        async with response:
            yield response

    @asynccontextmanager
    async def connect(
        self, node_name: str
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection of one's own. Raises ServiceUnavailable when the kubelet cannot be reached."""
        where = self.base(node_name)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(where.host, where.port, ssl=self._context)
        except OSError as error:
            raise ServiceUnavailable(f"the kubelet of node {node_name} cannot be reached: {error}") from error
        try:
            yield reader, writer
        finally:
            writer.close()

    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()


class PodLogs:
    """Streams logs of pods."""

    def __init__(self, view: View, kubelets: KubeletClient) -> None:
        self._view = view
        self._kubelets = kubelets

    @asynccontextmanager
    async def open(self, target: Target, query: Mapping[str, str]) -> AsyncIterator[AsyncIterator[bytes]]:
        """The log as chunks. Raises NotFound, BadRequest, and what the kubelet says."""
        pod = self._view.get(PODS, target.name, target.namespace)
        if pod is None:
            raise target.not_found()
        container = choose_container(pod, query.get("container", ""))
        node = pod["spec"].get("nodeName")
        if not node:
            raise BadRequest(
                f'container "{container}" in pod "{target.name}" is waiting to start: no node is assigned yet'
            )
        path = f"containerLogs/{target.namespace}/{target.name}/{container}"
        rest = {key: value for key, value in query.items() if key != "container"}
        async with self._kubelets.get(node, path, rest) as response:
            if response.status != 200:
                text = (await response.text()).strip()
                raise (BadRequest if response.status == 400 else InternalError)(text)
            yield response.content.iter_any()


def choose_container(pod: Object, wanted: str) -> str:
    """The container that is meant; a pod with several names one, or needs to be told. Raises BadRequest."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    wanted = wanted or (pod["metadata"].get("annotations") or {}).get(_DEFAULT_CONTAINER, "")
    names = [c["name"] for c in spec.get("containers") or ()]
    init = [c["name"] for c in spec.get("initContainers") or ()]
    every = [*names, *init, *(c["name"] for c in spec.get("ephemeralContainers") or ())]
    if wanted and wanted not in every:
        raise BadRequest(f"container {wanted} is not valid for pod {name}")
    if wanted or len(names) == 1:
        return wanted or str(names[0])
    listed = f"[{' '.join(names)}]" + (f" or one of the init containers: [{' '.join(init)}]" if init else "")
    raise BadRequest(f"a container name must be specified for pod {name}, choose one of: {listed}")
