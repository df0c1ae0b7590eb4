"""Asks all kubelets what is used, every 15 seconds. One small text a node: sampling cannot do with less."""

from __future__ import annotations

import asyncio
import logging
import ssl

import aiohttp
from yarl import URL

from proa.cluster.metrics.config import MetricsConfig
from proa.cluster.metrics.history import History
from proa.cluster.metrics.readings import parse
from proa.kube import Informer, Object

_log = logging.getLogger(__name__)

_KUBELET_PORT = 10250
_SECONDS = 10.0


class Scraper:
    """Fills the history."""

    def __init__(self, config: MetricsConfig, nodes: Informer, history: History) -> None:
        self._config = config
        self._nodes = nodes
        self._history = history
        self._known: set[str] = set()

    async def run(self) -> None:
        """Scrape until cancelled."""
        await self._nodes.wait_synced()
        context = ssl.create_default_context(cafile=str(self._config.authority))
        context.load_cert_chain(self._config.kubelet_certificate, self._config.kubelet_key)
        connector = aiohttp.TCPConnector(ssl=context, keepalive_timeout=4 * self._config.resolution)
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            while True:
                await self.scrape(session)
                await asyncio.sleep(self._config.resolution)

    async def scrape(self, session: aiohttp.ClientSession) -> None:
        """Look at every node once, all at the same time."""
        nodes = self._nodes.list()
        names = {node["metadata"]["name"] for node in nodes}
        for gone in self._known - names:
            self._history.forget(gone)
        self._known = names
        await asyncio.gather(*(self._look(session, node) for node in nodes))

    async def _look(self, session: aiohttp.ClientSession, node: Object) -> None:
        name, url = node["metadata"]["name"], kubelet_url(node)
        if url is None:
            return
        try:
            async with session.get(url / "metrics/resource", raise_for_status=True) as response:
                self._history.note(name, parse(await response.text()))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._history.forget(name)
            _log.info("node %s cannot be scraped: %s", name, str(error) or type(error).__name__)


def kubelet_url(node: Object) -> URL | None:
    """Where a node's kubelet listens; None as long as the node has no address."""
    status = node.get("status") or {}
    addresses = {entry["type"]: entry["address"] for entry in status.get("addresses") or ()}
    host = addresses.get("InternalIP") or addresses.get("Hostname")
    endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
    port = endpoint.get("Port") or _KUBELET_PORT
    return URL.build(scheme="https", host=host, port=port) if host else None
