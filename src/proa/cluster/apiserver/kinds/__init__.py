"""Every built-in kind, one file a group. The order of the files is the preference of discovery."""

from proa.cluster.apiserver.kinds import (
    admissionregistration,
    apiextensions,
    apiregistration,
    apps,
    authentication,
    authorization,
    autoscaling,
    batch,
    certificates,
    coordination,
    core_cluster,
    core_services,
    core_storage,
    core_workloads,
    discovery,
    events,
    flowcontrol,
    networking,
    node,
    policy,
    rbac,
    resource,
    scheduling,
    storage,
    storagemigration,
)
from proa.cluster.apiserver.kinds.registry import Registry

_GROUPS = (
    core_cluster, core_services, core_storage, core_workloads, apiregistration, apps, events, authentication,
    authorization, autoscaling, batch, certificates, networking, policy, rbac, storage, admissionregistration,
    apiextensions, scheduling, coordination, node, discovery, resource, flowcontrol, storagemigration,
)  # fmt: skip

KINDS = Registry(kind for group in _GROUPS for kind in group.KINDS)

__all__ = ["KINDS", "Registry"]
