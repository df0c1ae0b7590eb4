"""Jobs: how they end, and what they do with pods that fail; and the CronJobs that make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from proa.cluster.controllers.job_indexes import INDEX
from proa.cluster.controllers.workload_kinds import CRON_JOBS, JOBS
from proa.errors import NotFound
from proa.kube import PODS, Object, annotations_of, condition_is_true, is_deleting, owner_reference
from support.server import eventually
from support.stories import Story, settled, told
from support.workloads import Workloads, template

_LONG_AGO = "2026-01-01T00:00:00Z"


def job(*, name: str = "web", **spec: Any) -> Object:
    whole = {"template": template(restartPolicy="Never"), "completionMode": "Indexed"}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": whole | spec}


async def finish(world: Workloads, code: int, *indexes: int, **status: Any) -> None:
    """The pods of these indexes end."""

    async def there() -> list[Object] | None:
        found = [p for p in await world.all(PODS) if p["status"]["phase"] == "Pending" and not is_deleting(p)]
        mine = [p for p in found if annotations_of(p).get(INDEX, "0") in {str(i) for i in indexes}]
        return mine if len(mine) == len(indexes) else None

    for made in await eventually(there, f"pods of indexes {indexes}"):
        await end(world, made, code, **status)


async def end(world: Workloads, pod: Object, code: int, **status: Any) -> None:
    """A pod's container ends with that code."""
    state = {"terminated": {"exitCode": code, "finishedAt": _LONG_AGO}}
    container = {
        "name": "c", "state": state, "ready": False, "restartCount": 0, "image": "web", "imageID": ""
    }  # fmt: skip
    phase = "Failed" if code else "Succeeded"
    report = {"containerStatuses": [container]} | status
    if conditions := status.get("conditions"):
        report["conditions"] = conditions
    await world.patch(PODS, {"status": {"phase": phase} | report}, pod["metadata"]["name"], "status")


async def over(world: Workloads) -> Any:
    """The status of the Job that has ended, and what was said of it."""

    async def ended() -> Object | None:
        for pod in await world.all(PODS):
            if is_deleting(pod):
                await world.remove(pod)
        found = await world.get(JOBS)
        return found if any(condition_is_true(found, kind) for kind in ("Complete", "Failed")) else None

    return dict((await eventually(ended, "the Job's end"))["status"]), await told(world, "Job")


async def seen(world: Workloads) -> Any:
    """The status that comes to rest, how many pods there are and how many of them are ending."""

    async def look(world: Workloads) -> Any:
        found = await world.all(PODS)
        return (await world.get(JOBS)).get("status"), len(found), sum(map(is_deleting, found))

    return *await settled(world, look), await told(world, "Job")


async def an_index_fails_for_itself(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=3, parallelism=3, backoffLimitPerIndex=0))
    await finish(world, 1, 0)
    await finish(world, 0, 1, 2)
    return await over(world)


async def too_many_indexes_fail(world: Workloads) -> Any:
    spec: Object = {"completions": 4, "parallelism": 4, "backoffLimitPerIndex": 0, "maxFailedIndexes": 1}
    await world.create(JOBS, job(**spec))
    await finish(world, 1, 0)
    await finish(world, 1, 1)
    return await over(world)


async def the_leader_succeeds(world: Workloads) -> Any:
    policy = {"rules": [{"succeededIndexes": "0", "succeededCount": 1}]}
    await world.create(JOBS, job(completions=3, parallelism=3, successPolicy=policy))
    await finish(world, 0, 0)
    return await over(world)


async def any_pods_complete_it(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=3, parallelism=2, completionMode="NonIndexed"))
    first = await seen(world)
    for pod in await world.all(PODS):
        await end(world, pod, 0)
    await settled(world, seen)
    for pod in await world.all(PODS):
        if pod["status"]["phase"] == "Pending":
            await end(world, pod, 0)
    return first, await over(world)


async def no_failure_is_borne(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=2, parallelism=2, backoffLimit=0))
    await finish(world, 1, 0)
    return await over(world)


async def an_exit_code_fails_it(world: Workloads) -> Any:
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
    policy = {"rules": [rule]}
    await world.create(JOBS, job(completions=2, parallelism=2, podFailurePolicy=policy))
    await finish(world, 42, 0)
    return await over(world)


async def a_disruption_does_not_count(world: Workloads) -> Any:
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    policy = {"rules": [rule]}
    await world.create(JOBS, job(completions=1, backoffLimit=0, podFailurePolicy=policy))
    await finish(world, 1, 0, conditions=[{"type": "DisruptionTarget", "status": "True"}])
    first = await seen(world)
    await finish(world, 0, 0)
    return first, await over(world)


async def an_exit_code_fails_an_index(world: Workloads) -> Any:
    rule = {"action": "FailIndex", "onExitCodes": {"operator": "NotIn", "values": [1]}}
    spec: Object = {
        "completions": 2,
        "parallelism": 2,
        "backoffLimitPerIndex": 3,
        "podFailurePolicy": {"rules": [rule]},
    }
    await world.create(JOBS, job(**spec))
    await finish(world, 7, 1)
    await finish(world, 0, 0)
    return await over(world)


async def halted_and_resumed(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1, suspend=True))
    before = await seen(world)
    await world.patch(JOBS, {"spec": {"suspend": False}})
    running = await seen(world)
    await world.patch(JOBS, {"spec": {"suspend": True}})
    await seen(world)
    for pod in await world.all(PODS):
        await world.remove(pod)
    return before, running, await seen(world)


async def out_of_time(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=2, parallelism=2, activeDeadlineSeconds=1))
    return await over(world)


async def removed_when_it_is_over(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1, ttlSecondsAfterFinished=0))
    await finish(world, 0, 0)

    async def gone() -> bool:
        try:
            await world.get(JOBS)
        except NotFound:
            return True
        return False

    return await eventually(gone, "the Job's removal")


async def somebody_elses(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1, managedBy="example.com/queue"))
    return await seen(world)


async def replaced_when_it_has_failed(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1, podReplacementPolicy="Failed"))
    await settled(world, seen)
    (pod,) = await world.all(PODS)
    await world.bind(pod, "nowhere")
    await world.set_phase(pod, "Running", ready=True)
    ready = await seen(world)
    await world.client.delete(PODS, pod["metadata"]["name"], "default")
    return ready, await seen(world)


async def made_larger(world: Workloads) -> Any:
    await world.create(JOBS, job(completions=1, parallelism=1))
    await settled(world, seen)
    await world.patch(JOBS, {"spec": {"completions": 3, "parallelism": 3}})
    first = await seen(world)
    await world.patch(JOBS, {"spec": {"parallelism": 1}})
    return first, await seen(world)


def cron_job(**spec: Any) -> Object:
    whole = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template(restartPolicy="Never")}}}
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": whole | spec}


async def cron_seen(world: Workloads) -> Any:
    async def look(world: Workloads) -> Any:
        status = dict((await world.get(CRON_JOBS)).get("status") or {})
        times = {k: "then" for k in ("lastScheduleTime", "lastSuccessfulTime") if k in status}
        active = [one["kind"] for one in status.get("active") or ()]
        made = [
            (
                sorted(annotations_of(one)),
                [(o["kind"], o.get("controller")) for o in one["metadata"]["ownerReferences"]],
            )
            for one in await world.all(JOBS)
        ]
        return times, active, made

    return *await settled(world, look), await told(world, "CronJob")


async def scheduled_last(world: Workloads, ago: timedelta) -> None:
    then = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    await world.patch(CRON_JOBS, {"status": {"lastScheduleTime": then}}, subresource="status")


async def a_run_that_was_missed(world: Workloads) -> Any:
    await world.create(CRON_JOBS, cron_job(suspend=True, concurrencyPolicy="Forbid"))
    await scheduled_last(world, timedelta(minutes=5))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    return (await cron_seen(world))[:-1]


async def a_run_that_is_too_late(world: Workloads) -> Any:
    minute = (datetime.now(UTC) - timedelta(minutes=3)).minute
    spec = {"schedule": f"{minute} * * * *", "startingDeadlineSeconds": 20, "timeZone": "Etc/UTC"}
    await world.create(CRON_JOBS, cron_job(suspend=True, **spec))
    await scheduled_last(world, timedelta(minutes=50))
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    return [(reason) for reason, _ in (await cron_seen(world))[-1]]


async def old_runs_are_removed(world: Workloads) -> Any:
    limits = {"successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 0}
    made = await world.create(CRON_JOBS, cron_job(suspend=True, **limits))
    ends = {"old-0": "Complete", "old-1": "Complete", "old-2": "Failed"}
    for name in ends:
        one = job(name=name, suspend=True, managedBy="example.com/nobody")
        one["metadata"]["ownerReferences"] = [owner_reference(made)]
        await world.create(JOBS, one)
    await cron_seen(world)
    for number, (name, kind) in enumerate(ends.items()):
        await end_job(world, name, kind, f"2026-01-01T00:0{number}:00Z")
    await world.patch(CRON_JOBS, {"metadata": {"labels": {"look": "again"}}})
    found = await cron_seen(world)
    return [one["metadata"]["name"] for one in await world.all(JOBS)], found


async def end_job(world: Workloads, name: str, kind: str, time: str) -> None:
    """A Job of somebody else's is told as ended."""
    conditions = [
        {"type": each, "status": "True", "lastTransitionTime": time, "lastProbeTime": time}
        for each in ({"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[kind], kind)
    ]
    done = {"completionTime": time} if kind == "Complete" else {}
    status = {"startTime": time, "conditions": conditions} | done
    await world.patch(JOBS, {"status": status}, name, "status")


STORIES: tuple[Story, ...] = (
    an_index_fails_for_itself,
    too_many_indexes_fail,
    the_leader_succeeds,
    any_pods_complete_it,
    no_failure_is_borne,
    an_exit_code_fails_it,
    a_disruption_does_not_count,
    an_exit_code_fails_an_index,
    halted_and_resumed,
    out_of_time,
    removed_when_it_is_over,
    somebody_elses,
    replaced_when_it_has_failed,
    made_larger,
    a_run_that_was_missed,
    a_run_that_is_too_late,
    old_runs_are_removed,
)
