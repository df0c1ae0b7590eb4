"""Paths of the kubelet's port that tell what is used."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import prometheus_client
from aiohttp import web

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.node_status import KUBERNETES_VERSION
from proa.cluster.kubelet.probes import ProbeManager
from proa.cluster.kubelet.stats.cadvisor import cadvisor_metrics
from proa.cluster.kubelet.stats.collector import Collector
from proa.cluster.kubelet.stats.exposition import kubelet_metrics, render, resource_metrics
from proa.cluster.kubelet.stats.probe_results import probe_results
from proa.cluster.kubelet.stats.summary import summary

_log = logging.getLogger(__name__)

_DISKS_AGE = 60.0
"""Seconds for which a measured directory is good enough."""
_TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class StatsRoutes:
    """Answers from a fresh reading each time."""

    def __init__(self, collector: Collector, probes: ProbeManager) -> None:
        self._collector = collector
        self._probes = probes

    def routes(self) -> Iterable[web.RouteDef]:
        """What the server has to add."""
        return (
            web.get("/stats/summary", self._summary),
            web.get("/metrics", self._own),
            web.get("/metrics/resource", self._resource),
            web.get("/metrics/cadvisor", self._cadvisor),
            web.get("/metrics/probes", self._probe_results),
        )

    async def _summary(self, request: web.Request) -> web.Response:
        small = request.query.get("only_cpu_and_memory") == "true"
        node = await self._collector.collect(None if small else _DISKS_AGE)
        return web.json_response(summary(node, only_cpu_and_memory=small))

    async def _resource(self, _: web.Request) -> web.Response:
        try:
            text = resource_metrics(await self._collector.collect(details=False))
        except CriError as fault:
            _log.warning("usage not measured: %s", fault)
            text = resource_metrics(None)
        return web.Response(text=text, headers=_TEXT)

    async def _cadvisor(self, _: web.Request) -> web.Response:
        return web.Response(text=cadvisor_metrics(await self._collector.collect()), headers=_TEXT)

    async def _probe_results(self, _: web.Request) -> web.Response:
        return web.Response(text=render([probe_results(self._probes.present())]), headers=_TEXT)

    async def _own(self, _: web.Request) -> web.Response:
        text = kubelet_metrics(await self._collector.collect(_DISKS_AGE), KUBERNETES_VERSION)
        return web.Response(text=text + prometheus_client.generate_latest().decode(), headers=_TEXT)
