"""The API server: its parts put together, started and stopped."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence

from proa.cluster.apiserver import bootstrap, pod_security, role_reconciliation
from proa.cluster.apiserver.access import Access
from proa.cluster.apiserver.actions import Actions
from proa.cluster.apiserver.admission import COMPLETING, MUTATING, VALIDATING, Admission, Chain, about
from proa.cluster.apiserver.admission.quota import QuotaAdmission
from proa.cluster.apiserver.aggregation import Aggregator, MergedDiscovery, MergedOpenApi
from proa.cluster.apiserver.audit.opening import open_auditor
from proa.cluster.apiserver.authentication import TokenAuthenticator
from proa.cluster.apiserver.backend import Backend
from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.components import Components
from proa.cluster.apiserver.config import ApiServerConfig
from proa.cluster.apiserver.custom import definition, establishing, finalizers, lifecycle
from proa.cluster.apiserver.custom.served import ServedKinds
from proa.cluster.apiserver.discovery import Discovery
from proa.cluster.apiserver.expiry import EventExpiry
from proa.cluster.apiserver.following import Follower
from proa.cluster.apiserver.front_proxy import FrontProxies
from proa.cluster.apiserver.http.connection import LONGEST_LINE, ConnectionServer, make_request
from proa.cluster.apiserver.http.documents import Documents
from proa.cluster.apiserver.http.gate import Gate
from proa.cluster.apiserver.http.handler import Handler
from proa.cluster.apiserver.http.health import Health
from proa.cluster.apiserver.http.identifying import Identifying
from proa.cluster.apiserver.http.objects import ObjectRequests
from proa.cluster.apiserver.http.proxying import ProxyRequests
from proa.cluster.apiserver.http.reply import Reply
from proa.cluster.apiserver.http.router import Router
from proa.cluster.apiserver.http.upgrades import StreamRequests
from proa.cluster.apiserver.identity import MASTERS, authenticated
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.local import LocalClient
from proa.cluster.apiserver.metrics import METRICS_TYPE, Metrics, by_resource
from proa.cluster.apiserver.openapi import OpenApi
from proa.cluster.apiserver.openapi_v2 import OpenApiV2
from proa.cluster.apiserver.openid import OpenId
from proa.cluster.apiserver.overload import Inflight
from proa.cluster.apiserver.policies.mutating import MutatingPolicies
from proa.cluster.apiserver.policies.validating import ValidatingPolicies
from proa.cluster.apiserver.registry import Registry
from proa.cluster.apiserver.reviews import Reviews
from proa.cluster.apiserver.schema import SCHEMAS
from proa.cluster.apiserver.services import own, warnings
from proa.cluster.apiserver.services.allocator import ServiceAllocator
from proa.cluster.apiserver.services.room import ServiceRoom
from proa.cluster.apiserver.subresources import Creator
from proa.cluster.apiserver.subresources.binding import Binder
from proa.cluster.apiserver.subresources.eviction import Evictor
from proa.cluster.apiserver.subresources.log import KubeletClient, PodLogs
from proa.cluster.apiserver.subresources.proxy import Locator
from proa.cluster.apiserver.subresources.token import TokenRequests
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.tokens import TokenSigner
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks import WebhookCaller
from proa.cluster.apiserver.webhooks.asking import Context
from proa.cluster.apiserver.webhooks.equivalents import Equivalents
from proa.cluster.apiserver.webhooks.mutating import MutatingWebhooks
from proa.cluster.apiserver.webhooks.validating import ValidatingWebhooks
from proa.cluster.store import SqliteStore, StoreError
from proa.cluster.store.encryption import NO_ENCRYPTION, load_encryption
from proa.errors import UserError
from proa.kube import Manager, join_host_port
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES

logger = logging.getLogger(__name__)

_KEEPALIVE_SECONDS = 300.0
_FAREWELL_SECONDS = 5.0
"""How long requests under way may take to be answered at a stop."""


class ApiServer:
    """Serves the Kubernetes API. Make it inside the event loop that runs it.

    Raises UserError for a damaged or locked database, bad certificates or a port in use.
    """

    def __init__(self, config: ApiServerConfig) -> None:
        self._config = config
        self._started = False
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        encryption = load_encryption(config.encryption) if config.encryption else NO_ENCRYPTION
        self._store = SqliteStore(config.database, encryption=encryption)
        self._view = view = View(self._store)
        signer = TokenSigner(config.service_account_key.read_bytes(), config.issuer)
        tokens = TokenAuthenticator(signer, self._store, [config.issuer])
        self._kubelets = KubeletClient(view, _kubelet_context(config))
        self._access = Access(view)
        authorizer = self._access.authorizer
        self._services = ServiceAllocator(config.service_cidr, config.node_port_range)
        own.check_address(config.advertise_address, self._services.families[0])
        self._webhooks = WebhookCaller(view)
        self._kinds = ServedKinds(KINDS, self._store, self._webhooks)
        self.components = Components()
        """The parts of the control plane that tell how they are."""
        self.components.add("etcd-0", self._why_store_fails)
        registry = Registry(Backend(self._store, Admission(view, self._chain(view))), self.components)
        issuer = TokenRequests(view, signer, [config.issuer])
        creators = _creators(registry, view, issuer, Reviews(authorizer, tokens))
        self._actions = Actions(self._kinds, registry, authorizer, creators)
        # The store is called etcd, as whoever asks for that check knows it.
        checks = {"ping": lambda: "", "etcd": self._why_store_fails, "bootstrap": self._why_not_ready}
        health = Health(checks)
        address = join_host_port(config.advertise_address, config.port)
        self._aggregator = Aggregator(config, view, authorizer.require)
        remotes = self._aggregator.remotes
        discovery = MergedDiscovery(Discovery(self._kinds), remotes)
        local = OpenApi(self._kinds, SCHEMAS)
        openapi = MergedOpenApi(local, remotes)
        documents = Documents(discovery, openapi, OpenApiV2(local), health, self._own_page, address)
        objects = ObjectRequests(self._actions, PodLogs(view, self._kubelets))
        streams = StreamRequests(self._actions, view, self._kubelets)
        locator = Locator(view, self._kubelets)
        proxies = ProxyRequests(self._actions, locator, _kubelet_context(config))
        router = Router(self._kinds)
        gate = self._gate(config, Identifying(tokens, authorizer, anonymous=config.anonymous))
        self._openid = OpenId(signer, address)
        self._connections = ConnectionServer(
            Handler(gate, authorizer, router, objects, streams, proxies, documents, self._aggregator),
            front_proxies=FrontProxies(config.front_proxy.authority.read_bytes()),
            request_factory=make_request,
            access_log=None,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            max_line_size=LONGEST_LINE,
        )

    def _gate(self, config: ApiServerConfig, identifying: Identifying) -> Gate:
        """What requests pass before they are served."""
        self._inflight = Inflight(config.limits)
        self._metrics = Metrics(self._gauges)
        self._auditor = open_auditor(config.audit) if config.audit else None
        authorizer = self._access.authorizer
        return Gate(identifying, authorizer, self._inflight, self._metrics, self._auditor)

    def _gauges(self) -> Mapping[str, float]:
        name = "apiserver_current_inflight_requests"
        under_way = {f'{name}{{request_kind="{kind}"}}': n for kind, n in self._inflight.counts.items()}
        return {
            **under_way,
            **by_resource("apiserver_resource_objects", self._store.objects()),
            **by_resource("apiserver_registered_watchers", self._store.watches()),
            "apiserver_storage_revision": self._store.revision,
            "apiserver_connections": len(self._connections.connections),
            "apiserver_audit_events_lost": self._auditor.lost if self._auditor else 0,
        }

    def _own_page(self, path: str) -> Reply | None:
        """What the server tells of itself beside the API."""
        if path == "/metrics":
            return Reply(self._metrics.text().encode(), content_type=METRICS_TYPE)
        found = self._openid.document(path)
        return Reply(encode_json(found[1]), content_type=found[0]) if found else None

    def _chain(self, view: View) -> Chain:
        """Who sees a write before it is stored."""
        equivalents = Equivalents(self._kinds)
        webhooks = Context(view, self._access.authorizer, equivalents)
        return Chain(
            mutating=(*MUTATING, lifecycle.keep_stored_versions),
            mutators=(
                MutatingPolicies(view, self._access.authorizer, self._kinds, equivalents).admit,
                MutatingWebhooks(self._webhooks, webhooks).admit,
            ),
            completing=(
                *COMPLETING,
                *self._access.completing,
                about("services")(self._services.admit),
            ),
            validating=(
                *self._access.validating,
                *VALIDATING,
                pod_security.admit,
                definition.warn,
                finalizers.warn,
                about("services")(warnings.warn),
            ),
            validators=(
                ValidatingPolicies(view, self._access.authorizer, self._kinds, equivalents).admit,
                ValidatingWebhooks(self._webhooks, webhooks).admit,
            ),
            final=(QuotaAdmission(view).admit,),
        )

    def _why_store_fails(self) -> str:
        try:
            self._store.get(object_key(NAMESPACES, "default"))
        except StoreError as error:
            return str(error)
        return ""

    def _why_not_ready(self) -> str:
        return "" if self._started else "starting"

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        if self._server is None:
            return self._config.port
        return int(self._server.sockets[0].getsockname()[1])

    def client(
        self, user: str = "system:admin", groups: Sequence[str] = (MASTERS,), component: str = "proa"
    ) -> LocalClient:
        """A client in this process, as that user; `component` is noted as the owner of what it writes."""
        return LocalClient(self._actions, self._aggregator, authenticated(user, tuple(groups)), component)

    async def start(self) -> None:
        """Listen, and make what every cluster has."""
        loop = asyncio.get_running_loop()
        definitions = Follower(self._store, CUSTOM_RESOURCE_DEFINITIONS, self._kinds.observe)
        self._tasks = [loop.create_task(definitions.run()), loop.create_task(EventExpiry(self._store).run())]
        room = ServiceRoom(self._services, self._view, self.client(component="kube-apiserver"))
        self._tasks += room.tasks()
        self._tasks += [*self._access.tasks(), loop.create_task(self._inflight.run())]
        client, address = self.client(), self._config.advertise_address
        await bootstrap.ensure(client)
        await role_reconciliation.reconcile(client)
        await self._listen()
        await own.ensure_range(client, self._config.service_cidr)
        await own.ensure(client, self._services.first_address, address, self.port)
        self._tasks += await self._aggregator.start(client, KINDS.group_versions)
        manager = Manager(client)
        establishing.setup(manager)
        self._tasks.append(loop.create_task(manager.run()))
        self._started = True
        logger.info("serving the Kubernetes API on %s:%d", self._config.bind_address, self.port)

    async def _listen(self) -> None:
        host, port = self._config.bind_address, self._config.port
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._connections,
                _hosts(self._config),
                port,
                ssl=serving_context(self._config),
                backlog=1024,
                ssl_handshake_timeout=10,
            )
        except OSError as error:
            await self.stop()
            raise UserError(
                f"cannot listen on {host}:{port}: {error.strerror or error}; "
                "stop what listens there, or choose another port"
            ) from error

    async def stop(self) -> None:
        """Stop listening, end the requests under way, close the store."""
        self._started = False
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        self._connections.end_streams()
        await self._connections.shutdown(timeout=_FAREWELL_SECONDS)
        await self._aggregator.stop()
        await self._kubelets.close()
        await self._webhooks.close()
        await self._store.close()
        if self._auditor is not None:
            await asyncio.to_thread(self._auditor.close)


def _hosts(config: ApiServerConfig) -> list[str]:
    """What to listen on: everywhere is all of both IP families where Services have both."""
    both = any(":" in cidr for cidr in config.service_cidr)
    return ["0.0.0.0", "::"] if both and config.bind_address in ("0.0.0.0", "::") else [config.bind_address]


def _creators(
    registry: Registry, view: View, tokens: TokenRequests, reviews: Reviews
) -> Mapping[tuple[str, str], Creator]:
    """Who answers the POST of what is not stored, by kind and subresource."""
    return {
        ("pods", "binding"): Binder(registry).create,
        ("pods", "eviction"): Evictor(registry, view).create,
        ("serviceaccounts", "token"): tokens.create,
        **reviews.creators(),
    }


def serving_context(config: ApiServerConfig) -> ssl.SSLContext:
    """TLS 1.2 or newer; a client certificate that is given must be ours or a front proxy's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(config.client_authority))
    context.load_verify_locations(cafile=str(config.front_proxy.authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    try:
        context.load_cert_chain(config.certificate, config.key)
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            f"cannot use the certificate {config.certificate} with {config.key}: {error}"
        ) from error
    return context


def _kubelet_context(config: ApiServerConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(config.kubelet_authority))
    context.load_cert_chain(config.kubelet_certificate, config.kubelet_key)
    return context
