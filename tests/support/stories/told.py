"""All stories, where their recorded ends are, and what clears up after one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from proa.cluster.controllers.workload_kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    POD_DISRUPTION_BUDGETS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from proa.errors import NotFound
from proa.kube import EVENTS, NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, SERVICES
from support.server import eventually
from support.stories import (
    Story,
    autoscalers,
    cluster,
    daemon_sets,
    deployments,
    jobs,
    nodes,
    others,
    ownership,
    runs,
    sets,
    stateful_sets,
)
from support.stories.others import AUTOSCALERS
from support.workloads import Workloads

_PARTS = (
    others,
    jobs,
    runs,
    deployments,
    stateful_sets,
    daemon_sets,
    sets,
    ownership,
    nodes,
    autoscalers,
    cluster,
)
ALL: dict[str, Story] = {story.__name__: story for part in _PARTS for story in part.STORIES}
ARGUMENTS: dict[str, tuple[str, ...]] = {
    story.__name__: getattr(part, "ARGUMENTS", ()) for part in _PARTS for story in part.STORIES
}
"""What the controller manager of a story is told, NAME=VALUE."""
GOLDEN = Path(__file__).parents[2] / "unit/cluster/controllers/golden/stories.json"
_OWNERS = (
    AUTOSCALERS,
    CRON_JOBS,
    JOBS,
    DEPLOYMENTS,
    STATEFUL_SETS,
    DAEMON_SETS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
)


async def clean(world: Workloads) -> None:
    """Nothing is left for the next story."""
    for resource in (*_OWNERS, POD_DISRUPTION_BUDGETS, PERSISTENT_VOLUME_CLAIMS, SERVICES):
        for each in await world.all(resource):
            name = each["metadata"]["name"]
            if name != "kubernetes":
                with suppress(NotFound):
                    await world.client.delete(resource, name, "default", propagation_policy="Background")

    async def empty() -> bool:
        for pod in await world.all(PODS):
            if pod["metadata"].get("finalizers"):
                with suppress(NotFound):
                    await world.patch(PODS, {"metadata": {"finalizers": None}}, pod["metadata"]["name"])
            await world.remove(pod)
        return not await world.all(PODS) and not await world.all(PERSISTENT_VOLUME_CLAIMS)

    await eventually(empty, "no pods")
    for resource in (NODES, PERSISTENT_VOLUMES):
        for each in (await world.client.list(resource))["items"]:
            await world.client.delete(resource, each["metadata"]["name"])
    for event in (await world.client.list(EVENTS, "default"))["items"]:
        await world.client.delete(EVENTS, event["metadata"]["name"], "default")
