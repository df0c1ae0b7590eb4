"""The server: the API, the controllers and scheduler, and the cluster-wide half of the features."""

from __future__ import annotations

from pathlib import Path

from proa import storage
from proa.cli.parts.running import main
from proa.cluster import controllers, dns, metrics, scheduler
from proa.cluster.apiserver import ApiServer, ApiServerConfig, FrontProxyConfig
from proa.cluster.apiserver.audit.log import LogLimits
from proa.cluster.apiserver.config import AuditConfig, service_account_issuer
from proa.cluster.apiserver.local import LocalClient
from proa.cluster.apiserver.overload import Limits
from proa.cluster.apiserver.tokens import TokenSigner
from proa.cluster.controllers.arguments import with_arguments
from proa.cluster.pki import Authority
from proa.kube import Manager
from proa.machine import secrets_encryption
from proa.machine.layout import Layout
from proa.settings import Settings


async def server(settings: Settings) -> None:
    """Run the server until cancelled."""
    layout = Layout(settings.data_dir, settings.run_dir)
    api = ApiServer(api_config(settings, layout))
    await api.start()
    try:
        manager = Manager(api.client())
        for name in ("controller-manager", "scheduler"):
            api.components.add(name, lambda: "" if manager.is_running else "not started")
        controllers.setup(manager, controllers_config(settings, layout, api.client()))
        scheduler.setup(manager)
        if "coredns" not in settings.disable:
            dns.setup(manager, settings.cluster_dns)
        if "local-storage" not in settings.disable:
            path = settings.default_local_storage_path or layout.storage
            storage.setup(manager, storage.StorageConfig(str(path)))
        if "metrics-server" in settings.disable:
            await metrics.remove(manager.client)
        else:
            await start_metrics(manager, metrics_config(settings, layout))
        await manager.run()
    finally:
        await api.stop()


async def start_metrics(manager: Manager, config: metrics.MetricsConfig) -> None:
    """Serve metrics.k8s.io; listening comes first, as the port stands in what leads there."""
    server = metrics.MetricsServer(manager, config)
    await server.start()
    manager.add(server)
    metrics.setup(manager, config, server.port)


def metrics_config(settings: Settings, layout: Layout) -> metrics.MetricsConfig:
    serving, kubelet = layout.server_pair("metrics-server"), layout.server_pair("apiserver-kubelet-client")
    return metrics.MetricsConfig(
        address=settings.advertise_address,
        certificate=serving.certificate,
        key=serving.key,
        authority=layout.server_pair("ca").certificate,
        front_proxy_authority=layout.server_pair("request-header-ca").certificate,
        kubelet_certificate=kubelet.certificate,
        kubelet_key=kubelet.key,
    )


def api_config(settings: Settings, layout: Layout) -> ApiServerConfig:
    serving, kubelet = layout.server_pair("server"), layout.server_pair("apiserver-kubelet-client")
    authority = layout.server_pair("ca").certificate
    proxy = layout.server_pair("client-auth-proxy")
    layout.database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return ApiServerConfig(
        database=layout.database,
        bind_address=settings.bind_address,
        port=settings.https_listen_port,
        advertise_address=settings.advertise_address,
        certificate=serving.certificate,
        key=serving.key,
        client_authority=authority,
        kubelet_authority=authority,
        kubelet_certificate=kubelet.certificate,
        kubelet_key=kubelet.key,
        front_proxy=FrontProxyConfig(
            authority=layout.server_pair("request-header-ca").certificate,
            certificate=proxy.certificate,
            key=proxy.key,
        ),
        encryption=_encryption(settings, layout),
        anonymous=settings.anonymous_auth,
        limits=Limits(
            settings.max_requests_inflight, settings.max_mutating_requests_inflight, settings.request_timeout
        ),
        audit=_audit(settings),
        service_account_key=layout.signing_key,
        service_cidr=settings.service_cidr,
        cluster_domain=settings.cluster_domain,
    )


def _encryption(settings: Settings, layout: Layout) -> Path | None:
    """The file of keys. Once there is one it is used, as without it nothing encrypted can be read."""
    if settings.encryption_provider_config is not None:
        return settings.encryption_provider_config
    if settings.secrets_encryption:
        secrets_encryption.ensure(layout.encryption_config)
    return layout.encryption_config if layout.encryption_config.exists() else None


def _audit(settings: Settings) -> AuditConfig | None:
    if settings.audit_policy_file is None or settings.audit_log_path is None:
        return None
    limits = LogLimits(settings.audit_log_maxsize, settings.audit_log_maxage, settings.audit_log_maxbackup)
    return AuditConfig(policy=settings.audit_policy_file, log=settings.audit_log_path, limits=limits)


def controllers_config(
    settings: Settings, layout: Layout, client: LocalClient
) -> controllers.ControllersConfig:
    authority = layout.server_pair("ca").certificate.read_text()
    signer = TokenSigner(layout.signing_key.read_bytes(), service_account_issuer(settings.cluster_domain))
    config = controllers.ControllersConfig(
        node_monitor_grace_period=settings.node_monitor_grace_period,
        cluster_cidrs=settings.cluster_cidr,
        node_cidr_mask_sizes={4: settings.node_cidr_mask_size_ipv4, 6: settings.node_cidr_mask_size_ipv6},
        advertise_address=settings.advertise_address,
        authority=Authority.open(layout.tls),
        lasting_token=signer.sign_lasting,
        root_ca=authority,
        read_metrics=client.read,
        delete_aggregated=client.delete_aggregated,
    )
    return with_arguments(config, settings.kube_controller_manager_arg)


if __name__ == "__main__":
    main(server)
