"""Asks the server of one APIService again and again whether it is there and what it serves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import aiohttp
import msgspec

from proa.cluster.apiserver.aggregation import availability, documents
from proa.cluster.apiserver.aggregation.availability import Verdict
from proa.cluster.apiserver.aggregation.backends import Backends, ServiceBackend
from proa.cluster.apiserver.aggregation.endpoints import Address, addresses, port_name
from proa.cluster.apiserver.aggregation.remotes import API_SERVICES, Findings, Remote, Remotes
from proa.cluster.apiserver.aggregation.transport import Transport
from proa.cluster.apiserver.front_proxy import user_headers
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.view import View
from proa.errors import ApiError, NotFound
from proa.kube.addresses import join_host_port
from proa.kube.client import Client
from proa.kube.resources import Object

_log = logging.getLogger(__name__)

AGGREGATOR = User("system:kube-aggregator", (MASTERS,))
_SECONDS = 5.0
_PERIOD = 30.0
_FIRST_DELAY = 0.2
_SETTLE = 0.05
"""Changes come in groups: a Service, its slice, the slice's address."""
_ATTEMPTS = 5


class Prober:
    """One remote's task."""

    def __init__(
        self,
        name: str,
        view: View,
        client: Client,
        remotes: Remotes,
        backends: Backends,
        transport: Transport,
    ) -> None:
        self._name = name
        self._view = view
        self._client = client
        self._remotes = remotes
        self._backends = backends
        self._transport = transport
        self._changed = asyncio.Event()

    def look(self) -> None:
        """Something has changed: do not wait for the period to end."""
        self._changed.set()

    async def run(self) -> None:
        """Check until the remote is gone or the task is cancelled."""
        delay = _FIRST_DELAY
        while (remote := self._remotes.get(self._name)) is not None:
            self._changed.clear()
            verdict = await self._check(remote)
            try:
                await self._write(verdict)
            except ApiError as error:
                _log.warning("APIService %s: its condition cannot be written: %s", self._name, error)
                verdict = availability.unreachable(str(error))
            delay = _PERIOD if verdict.available else min(delay * 2, _PERIOD)
            await self._wait(delay)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return
        await asyncio.sleep(_SETTLE)

    async def _check(self, remote: Remote) -> Verdict:
        backend = self._backends.get(remote.namespace, remote.service)
        verdict = availability.obstacle(remote, backend)
        if verdict is None:
            verdict = await self._ask(remote, backend)
        if not verdict.available:
            known = self._remotes.findings(remote.name)
            self._remotes.found(remote.name, Findings(known.resources, known.documents, fresh=False))
        return verdict

    async def _ask(self, remote: Remote, backend: ServiceBackend) -> Verdict:
        """One good answer of any endpoint will do."""
        assert backend.service is not None
        name = port_name(backend.service, remote.port) or ""
        found = addresses(backend.slices, name, backend.service["spec"].get("ipFamilies") or ())
        failure = availability.unreachable(f'no endpoints available for service "{remote.service}"')
        asked = [self._resources(remote, address) for address in found[:_ATTEMPTS]]
        for answer in asyncio.as_completed(asked):
            address, resources, problem = await answer
            if problem:
                failure = availability.unreachable(problem)
            else:
                paths = await self._documents(remote, address)
                self._remotes.found(remote.name, Findings(resources, paths, fresh=True))
                return availability.PASSED
        return failure

    async def _resources(self, remote: Remote, address: Address) -> tuple[Address, tuple[Object, ...], str]:
        """What the server serves, or what is wrong with its answer."""
        url = f"https://{join_host_port(address.host, address.port)}{remote.path}"
        try:
            code, body = await self._get(remote, address, remote.path)
            if not 200 <= code < 300:
                return address, (), f"failing or missing response from {url}: bad status from {url}: {code}"
            return address, documents.resources_of(msgspec.json.decode(body, type=dict), remote), ""
        except (aiohttp.ClientError, OSError, TimeoutError, ApiError, msgspec.DecodeError) as error:
            reason = str(error) or type(error).__name__
            return address, (), f"failing or missing response from {url}: {reason}"

    async def _documents(self, remote: Remote, address: Address) -> Mapping[str, Object]:
        """Its part of the OpenAPI index: what it had, when it does not answer."""
        known = self._remotes.findings(remote.name).documents
        try:
            code, body = await self._get(remote, address, "/openapi/v3")
            paths = msgspec.json.decode(body, type=dict).get("paths") if code == 200 else {}
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError) as error:
            _log.info("APIService %s: no OpenAPI documents: %s", remote.name, error)
            return known
        own = remote.path.lstrip("/")
        return {path: value for path, value in (paths or {}).items() if path == own}

    async def _get(self, remote: Remote, address: Address, path: str) -> tuple[int, bytes]:
        headers = [("Accept", "application/json"), *user_headers(AGGREGATOR)]
        asked = self._transport.request(remote, address, "GET", path, headers, seconds=_SECONDS)
        async with asked as response:
            return response.status, await response.read()

    async def _write(self, verdict: Verdict) -> None:
        present = self._view.get(API_SERVICES, self._name)
        if present is None:
            return
        marked = availability.with_verdict(present, verdict)
        if marked is not present:
            _log.info("APIService %s: %s: %s", self._name, verdict.reason, verdict.message)
            try:
                await self._client.update(API_SERVICES, marked, subresource="status")
            except NotFound:
                return
