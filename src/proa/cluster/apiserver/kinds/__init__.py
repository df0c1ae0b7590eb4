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
    old,
    policy,
    rbac,
    resource,
    scheduling,
    storage,
    storagemigration,
)
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.schema import SCHEMAS

_GROUPS = (
    core_cluster, core_services, core_storage, core_workloads, apiregistration, apps, events, authentication,
    authorization, autoscaling, batch, certificates, networking, policy, rbac, storage, admissionregistration,
    apiextensions, scheduling, coordination, node, discovery, resource, flowcontrol, storagemigration,
    old,
)  # fmt: skip

KINDS = Registry(kind for group in _GROUPS for kind in group.KINDS)

for _kind in KINDS:
    if _kind.schema_of is not None:
        SCHEMAS.alias(_kind.resource.api_version, _kind.resource.kind, _kind.schema_of)

__all__ = ["KINDS", "Registry"]
