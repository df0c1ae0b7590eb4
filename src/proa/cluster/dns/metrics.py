"""What the DNS server counts, as Prometheus text on /metrics, and whether it is complete on /ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from proa.cluster.dns import wire
from proa.cluster.dns.responder import Responder

_KINDS = {
    getattr(wire, name): name for name in ("A", "NS", "CNAME", "SOA", "PTR", "TXT", "AAAA", "SRV", "ANY")
}
_RCODES = {
    getattr(wire, name): name for name in ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
}


class _Figures(Collector):
    """Reads the responder's plain counts when asked: counting itself must cost nothing."""

    def __init__(self, responder: Responder, cached: Callable[[], int]) -> None:
        self._responder = responder
        self._cached = cached

    def collect(self) -> Iterator[Metric]:
        kinds = CounterMetricFamily("proa_dns_requests", "Questions answered", labels=["type"])
        for kind, count in self._responder.kinds.items():
            kinds.add_metric([_KINDS.get(kind, "other")], count)
        yield kinds
        rcodes = CounterMetricFamily("proa_dns_responses", "Answers by their code", labels=["rcode"])
        for rcode, count in self._responder.rcodes.items():
            rcodes.add_metric([_RCODES.get(rcode, str(rcode))], count)
        yield rcodes
        yield GaugeMetricFamily("proa_dns_cache_entries", "Answers of others that are kept", self._cached())
        yield GaugeMetricFamily(
            "proa_dns_ready", "1 when the cluster's names are complete", float(self._responder.synced)
        )


async def serve(responder: Responder, cached: Callable[[], int], port: int) -> web.AppRunner:
    """Starts the server; clean the runner up to stop it."""
    registry = CollectorRegistry()
    registry.register(_Figures(responder, cached))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), content_type="text/plain")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(status=200 if responder.synced else 503, text="OK" if responder.synced else "")

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/ready", ready)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, None, port).start()
    return runner
