"""The two ends of a pod: it has run its course, or it is deleted."""

from __future__ import annotations

from collections.abc import Callable

from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.operations import Operations
from proa.cluster.kubelet.static.manifest import is_static
from proa.cluster.kubelet.terminator import kill_pod, remove_cgroups, remove_pod
from proa.errors import Conflict, NotFound
from proa.kube import PODS, Object


async def finish_pod(host: Host, operations: Operations, pod: Object, grace: int) -> None:
    """Stop what still runs and give back the pod's address and cgroup. Raises CriError."""
    uid = pod["metadata"]["uid"]
    await operations.cancel(keep="finish")
    host.probes.stop_liveness_and_startup(uid)
    await kill_pod(host, pod, await host.observer.observe(uid), grace)
    await remove_cgroups(host, uid)


async def end_pod(
    host: Host, operations: Operations, pod: Object, grace: int, report: Callable[[PodObservation], None]
) -> None:
    """End a pod that is deleted, report how, and remove all of it. Raises CriError, OSError."""
    uid = pod["metadata"]["uid"]
    await operations.cancel(keep="delete")
    host.probes.stop_liveness_and_startup(uid)
    await kill_pod(host, pod, await host.observer.observe(uid), grace)
    seen = await host.observer.observe(uid)
    report(seen)
    await remove_pod(host, uid, seen)


async def forget_pod(host: Host, pod: Object) -> None:
    """Have the API forget a pod of which nothing is left. Raises ApiError."""
    if is_static(pod):
        return  # the API has a mirror of it, which goes with the file
    metadata = pod["metadata"]
    name, namespace, uid = metadata["name"], metadata["namespace"], metadata["uid"]
    await host.statuses.flush(uid)
    try:
        await host.client.delete(PODS, name, namespace, grace_period_seconds=0, uid=uid)
    except (NotFound, Conflict):
        return  # gone already, or another pod has the name
