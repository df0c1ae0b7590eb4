"""Health checks of load balancers for Services with the Local policy: has this node an endpoint?

Source: core/v1 healthCheckNodePort; answers as kube-proxy gives them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from aiohttp import web

from proa.services.model import HealthCheck

_log = logging.getLogger(__name__)


class HealthChecks:
    """One small HTTP server a port; 200 with a local endpoint, 503 without."""

    def __init__(self) -> None:
        self._runners: dict[int, web.ServerRunner] = {}
        self._checks: dict[int, tuple[str, int]] = {}

    async def update(self, checks: Mapping[str, HealthCheck]) -> None:
        """Answer for exactly these Services, given by key."""
        self._checks = {check.port: (key, check.local_endpoints) for key, check in checks.items()}
        for port in self._runners.keys() - self._checks.keys():
            await self._runners.pop(port).cleanup()
        for port in self._checks.keys() - self._runners.keys():
            await self._listen(port)

    async def close(self) -> None:
        """Stop all servers."""
        await self.update({})

    async def _listen(self, port: int) -> None:
        async def answer(_: web.BaseRequest) -> web.Response:
            return self._answer(port)

        runner = web.ServerRunner(web.Server(answer), shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, None, port).start()
        except OSError as fault:
            _log.warning("health check of %s on port %d: %s", self._checks[port][0], port, fault.strerror)
            await runner.cleanup()
            return
        self._runners[port] = runner

    def _answer(self, port: int) -> web.Response:
        key, count = self._checks[port]
        namespace, _, name = key.partition("/")
        body = {
            "service": {"namespace": namespace, "name": name},
            "localEndpoints": count,
            "serviceProxyHealthy": True,
        }
        return web.Response(
            status=200 if count else 503,
            text=json.dumps(body),
            content_type="application/json",
            headers={"X-Load-Balancing-Endpoint-Weight": str(count)},
        )
