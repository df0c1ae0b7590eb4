"""Asks all kubelets what is used, every 15 seconds. One small text a node: sampling cannot do with less."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import suppress

import aiohttp
from yarl import URL

from proa.cluster.metrics.config import MetricsConfig
from proa.cluster.metrics.history import History
from proa.cluster.metrics.readings import parse
from proa.kube import Informer, Object, kubelet_address

_log = logging.getLogger(__name__)

_SECONDS = 10.0
_FIRST_LOOKS, _FIRST_PAUSE = 4, 3.0


class Scraper:
    """Fills the history."""

    def __init__(self, config: MetricsConfig, nodes: Informer, history: History) -> None:
        self._config = config
        self._nodes = nodes
        self._history = history
        self._looks: dict[str, int] = {}
        self._new_node = asyncio.Event()

    async def run(self) -> None:
        """Scrape until cancelled."""
        self._nodes.on_change(self._changed)
        await self._nodes.wait_synced()
        context = ssl.create_default_context(cafile=str(self._config.authority))
        context.load_cert_chain(self._config.kubelet_certificate, self._config.kubelet_key)
        connector = aiohttp.TCPConnector(ssl=context, keepalive_timeout=4 * self._config.resolution)
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            while True:
                await self.scrape(session)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._new_node.wait(), self._pause())
                self._new_node.clear()

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None:
            self._new_node.set()

    def _pause(self) -> float:
        """Seconds until the next look; the first numbers of a new node come soon."""
        is_new = any(looks < _FIRST_LOOKS for looks in self._looks.values())
        return min(_FIRST_PAUSE, self._config.resolution) if is_new else self._config.resolution

    async def scrape(self, session: aiohttp.ClientSession) -> None:
        """Look at every node once, all at the same time."""
        nodes = self._nodes.list()
        names = {node["metadata"]["name"] for node in nodes}
        for gone in self._looks.keys() - names:
            self._history.forget(gone)
        self._looks = {name: self._looks.get(name, 0) + 1 for name in names}
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
    address = kubelet_address(node)
    return URL.build(scheme="https", host=address[0], port=address[1]) if address else None
