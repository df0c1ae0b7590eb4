"""The controllers of the embedded cluster, one a file. See docs/architecture.md.

To add one, write a file with a `setup` function and put a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from proa.cluster.controllers import (
    account_tokens,
    admission_policy_status,
    bootstrap_tokens,
    certificate_signing,
    claim_binder,
    control_plane,
    cron_job,
    daemon_set,
    deployment,
    disruption,
    disruption_target,
    endpoint_slice,
    endpoint_slice_mirroring,
    endpoints,
    ephemeral_volume,
    garbage_collector,
    horizontal_pod_autoscaler,
    job,
    job_ttl,
    namespace,
    node_ipam,
    node_lifecycle,
    pod_gc,
    pv_protection,
    pvc_protection,
    replica_set,
    resource_quota,
    role_aggregation,
    root_ca,
    service_account,
    service_cidr,
    stateful_set,
    taint_eviction,
    volume_binder,
    volume_expander,
)
from proa.cluster.controllers.config import ControllersConfig
from proa.kube import Manager

_CONTROLLERS: tuple[Callable[[Manager, ControllersConfig], None], ...] = (
    node_ipam.setup,
    node_lifecycle.setup,
    control_plane.setup,
    taint_eviction.setup,
    service_account.setup,
    root_ca.setup,
    role_aggregation.setup,
    certificate_signing.setup,
    account_tokens.setup,
    admission_policy_status.setup,
    bootstrap_tokens.setup,
    namespace.setup,
    service_cidr.setup,
    endpoint_slice.setup,
    endpoint_slice_mirroring.setup,
    endpoints.setup,
    garbage_collector.setup,
    claim_binder.setup,
    volume_binder.setup,
    volume_expander.setup,
    ephemeral_volume.setup,
    pvc_protection.setup,
    pv_protection.setup,
    pod_gc.setup,
    resource_quota.setup,
    replica_set.setup,
    deployment.setup,
    disruption.setup,
    disruption_target.setup,
    daemon_set.setup,
    stateful_set.setup,
    job.setup,
    job_ttl.setup,
    cron_job.setup,
    horizontal_pod_autoscaler.setup,
)

__all__ = ["ControllersConfig", "setup"]


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run every controller with the manager."""
    for add in _CONTROLLERS:
        add(manager, config)
