"""Where a webhook is: its URL, and for a Service the endpoints behind it.

A webhook that is a Service is asked as `name.namespace.svc`, which is also the name in its certificate;
the connection goes straight to one of its endpoints, so neither cluster DNS nor a cluster address has to
be reachable from this process.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from proa.cluster.apiserver.aggregation.endpoints import choose
from proa.cluster.apiserver.view import View
from proa.errors import ApiError
from proa.kube.resources import ENDPOINT_SLICES, SERVICES

_SUFFIX = ".svc"
_SERVICE_NAME = "kubernetes.io/service-name"
DEFAULT_PORT = 443


def url_of(config: Mapping[str, Any]) -> str:
    """The URL of a clientConfig."""
    service = config.get("service")
    if service is None:
        return str(config["url"])
    path = "/" + (service.get("path") or "").lstrip("/")
    port = service.get("port") or DEFAULT_PORT
    return f"https://{service['name']}.{service['namespace']}{_SUFFIX}:{port}{path}"


def is_service(url: str) -> bool:
    """Whether a URL names a Service of the cluster."""
    host = urlsplit(url).hostname or ""
    return host.endswith(_SUFFIX) and host.count(".") == 2


class ServiceResolver(AbstractResolver):
    """Finds addresses: of Services among their endpoints, of other hosts as the system does."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError, with upstream's message for a Service that cannot be asked."""
        if not is_service(f"https://{host}"):
            return await self._system.resolve(host, port, family)
        name, namespace, _ = host.split(".")
        service = self._view.get(SERVICES, name, namespace)
        if service is None:
            raise OSError(f'service "{name}" not found')
        slices = [
            part
            for part in self._view.list(ENDPOINT_SLICES, namespace)
            if (part["metadata"].get("labels") or {}).get(_SERVICE_NAME) == name
        ]
        try:
            address = choose(service, slices, port)
        except ApiError as error:
            raise OSError(error.message) from error
        kind = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return [
            ResolveResult(
                hostname=host,
                host=address.host,
                port=address.port,
                family=kind,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing to give back."""
