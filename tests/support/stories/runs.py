"""Jobs and CronJobs at their edges: limits of indexes, halts, policies, runs that were missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from proa.cluster.controllers.workload_kinds import CRON_JOBS, JOBS
from proa.kube import PODS, Object, annotations_of, is_deleting, labels_of
from support.server import eventually
from support.stories import Story, settled, told
from support.stories.jobs import cron_job, cron_seen, end_job, finish, job, over, scheduled_last, seen
from support.workloads import Workloads


async def what_pods_of_a_job_are_told(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=2, parallelism=2, backoffLimitPerIndex=1))
    await settled(world, seen)
    pods = await world.all(PODS)
    return [
        (
            sorted((k, v) for k, v in annotations_of(pod).items()),
            sorted(k for k in labels_of(pod)),
            pod["metadata"]["finalizers"],
            pod["spec"].get("hostname", "").rpartition("-")[2],
            [e["name"] for e in pod["spec"]["containers"][0].get("env") or ()],
        )
        for pod in sorted(pods, key=lambda pod: str(annotations_of(pod)))
    ]


async def no_pods_wanted(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=2, parallelism=0))
    idle = await seen(world)
    await world.create(JOBS, job(name="nothing", completions=0, parallelism=2))

    async def done() -> Any:
        status = (await world.get(JOBS, "nothing")).get("status") or {}
        return status if status.get("conditions") else None

    return idle, await eventually(done, "a Job of nothing")


async def enough_indexes_succeed(world: Workloads) -> Any:
    policy = {"rules": [{"succeededIndexes": "0-2", "succeededCount": 2}]}
    await world.create(JOBS, job(completions=4, parallelism=4, successPolicy=policy))
    await finish(world, 0, 3)
    await finish(world, 0, 0, 2)
    return await over(world)


async def all_indexes_end_and_some_failed(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=2, parallelism=1, backoffLimitPerIndex=0, maxFailedIndexes=2))
    await finish(world, 1, 0)
    await finish(world, 1, 1)
    return await over(world)


async def halted_while_it_runs(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=3, parallelism=3, activeDeadlineSeconds=3000))
    await finish(world, 0, 0)
    await settled(world, seen)
    await world.patch(JOBS, {"spec": {"suspend": True}})
    for _ in range(2):
        await settled(world, seen)
        for pod in await world.all(PODS):
            if is_deleting(pod):
                await world.remove(pod)
    halted = await seen(world)
    await world.patch(JOBS, {"spec": {"suspend": False}})
    return halted, await seen(world)


async def a_policy_that_waits_for_the_end(world: Workloads) -> Any:
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    await world.create(JOBS, job(completions=1, podFailurePolicy={"rules": [rule]}))
    await settled(world, seen)
    (pod,) = await world.all(PODS)
    await world.bind(pod, "nowhere")
    await world.set_phase(pod, "Running", ready=True)
    await world.client.delete(PODS, pod["metadata"]["name"], "default")
    return await seen(world)


async def a_pod_that_somebody_deletes(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1))
    await settled(world, seen)
    (pod,) = await world.all(PODS)
    await world.bind(pod, "nowhere")
    await world.set_phase(pod, "Running", ready=True)
    await world.client.delete(PODS, pod["metadata"]["name"], "default")
    ending = await seen(world)
    await world.remove(pod)
    return ending, await seen(world)


async def a_job_that_fails_is_removed(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1, backoffLimit=0, ttlSecondsAfterFinished=0))
    await finish(world, 1, 0)

    async def gone() -> bool:
        return not await world.all(JOBS)

    return await eventually(gone, "the Job's removal"), await told(world, "Job")


async def a_count_of_each_policy(world: Workloads) -> Any:
    rules = [
        {"action": "Count", "onExitCodes": {"operator": "In", "values": [2]}},
        {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [3]}},
    ]
    await world.create(JOBS, job(completions=2, parallelism=2, podFailurePolicy={"rules": rules}))
    await finish(world, 2, 0)
    counted = await seen(world)
    await finish(world, 9, 1)
    return counted, await over(world)


async def away_from_the_minute() -> None:
    """Wait until no further run comes while a story is told."""
    if (second := datetime.now(UTC).second) > 48:
        await asyncio.sleep(60.5 - second)


async def many_runs_were_missed(world: Workloads) -> Any:
    await away_from_the_minute()
    await world.create(CRON_JOBS, cron_job(suspend=True))
    await scheduled_last(world, timedelta(hours=3))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    await eventually(lambda: world.all(JOBS), "a run")
    *rest, events = await cron_seen(world)
    return rest, [reason for reason, _ in events]


async def many_were_missed_but_not_lately(world: Workloads) -> Any:
    await away_from_the_minute()
    await world.create(CRON_JOBS, cron_job(suspend=True, startingDeadlineSeconds=200))
    await scheduled_last(world, timedelta(hours=3))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    await eventually(lambda: world.all(JOBS), "a run")
    *rest, events = await cron_seen(world)
    return rest, [reason for reason, _ in events]


async def a_run_in_the_way_is_left(world: Workloads) -> Any:
    await away_from_the_minute()
    await world.create(CRON_JOBS, cron_job(suspend=True, concurrencyPolicy="Forbid"))
    await scheduled_last(world, timedelta(minutes=5))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    await cron_seen(world)
    await world.patch(CRON_JOBS, {"spec": {"suspend": True}})
    await scheduled_last(world, timedelta(minutes=3))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    times, active, runs, events = await cron_seen(world)
    return times, active, len(runs), [reason for reason, _ in events]


async def a_run_ends(world: Workloads) -> Any:
    await away_from_the_minute()
    await world.create(CRON_JOBS, cron_job(suspend=True))
    await scheduled_last(world, timedelta(minutes=5))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    await cron_seen(world)
    await world.patch(CRON_JOBS, {"spec": {"suspend": True}})
    (run,) = await world.all(JOBS)
    for pod in await world.pods(1):
        await world.set_phase(pod, "Succeeded")

    async def told_of() -> bool:
        status = (await world.get(CRON_JOBS)).get("status") or {}
        return not status.get("active") and "lastSuccessfulTime" in status

    await eventually(told_of, f"{run['metadata']['name']} counted")
    times, active, _, events = await cron_seen(world)
    return times, active, [reason for reason, _ in events]


async def a_run_of_somebody_elses(world: Workloads) -> Any:
    made: Object = await world.create(CRON_JOBS, cron_job(suspend=True))
    await world.create(JOBS, job(name="alien", suspend=True, managedBy="example.com/nobody"))
    await end_job(world, "alien", "Complete", "2026-01-01T00:00:00Z")
    await world.patch(CRON_JOBS, {"metadata": {"labels": {"look": "again"}}})

    async def status(world: Workloads) -> Any:
        return (await world.get(CRON_JOBS)).get("status")

    return made["metadata"]["name"], await settled(world, status)


STORIES: tuple[Story, ...] = (
    what_pods_of_a_job_are_told,
    no_pods_wanted,
    enough_indexes_succeed,
    all_indexes_end_and_some_failed,
    halted_while_it_runs,
    a_policy_that_waits_for_the_end,
    a_pod_that_somebody_deletes,
    a_job_that_fails_is_removed,
    a_count_of_each_policy,
    many_runs_were_missed,
    many_were_missed_but_not_lately,
    a_run_in_the_way_is_left,
    a_run_ends,
    a_run_of_somebody_elses,
)
