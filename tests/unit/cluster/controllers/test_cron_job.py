"""CronJobs: schedules and plans as values, then the controller on a real API server."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers import cron_plan
from proa.cluster.controllers.cron_schedule import parse_schedule
from proa.cluster.controllers.workload_kinds import CRON_JOBS, JOBS
from proa.kube import Object, controller_of, now
from support.server import eventually
from support.workloads import Workloads, template, workloads

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def at(text: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


NEXT: dict[str, tuple[str, str, str]] = {
    "every minute": ("* * * * *", "2026-01-01T00:00:30", "2026-01-01T00:01"),
    "strictly later": ("0 * * * *", "2026-01-01T01:00", "2026-01-01T02:00"),
    "steps": ("*/15 * * * *", "2026-01-01T00:16", "2026-01-01T00:30"),
    "steps from a number": ("5/20 * * * *", "2026-01-01T00:26", "2026-01-01T00:45"),
    "ranges and lists": ("0 8-9,17 * * *", "2026-01-01T09:00", "2026-01-01T17:00"),
    "names": ("0 0 * feb mon", "2026-01-01T00:00", "2026-02-02T00:00"),
    "seven is Sunday": ("0 0 * * 7", "2026-01-01T00:00", "2026-01-04T00:00"),
    "either kind of day": ("0 0 13 * 5", "2026-01-01T00:00", "2026-01-02T00:00"),
    "a leap day": ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"),
    "a word": ("@monthly", "2026-01-01T00:00", "2026-02-01T00:00"),
}


@pytest.mark.parametrize(("text", "time", "expected"), NEXT.values(), ids=NEXT.keys())
def test_the_next_time(text: str, time: str, expected: str) -> None:
    assert parse_schedule(text).after(at(time)) == at(expected)


def test_a_day_that_never_comes_has_no_next_time() -> None:
    assert parse_schedule("0 0 31 2 *").after(at("2026-01-01T00:00")) is None


def test_an_hour_that_summer_time_leaves_out_is_left_out() -> None:
    found = parse_schedule("30 2 * * *").after(at("2026-03-28T03:00", BERLIN))
    assert found == at("2026-03-30T02:30", BERLIN)


@pytest.mark.parametrize(
    "text", ["", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "x * * * *"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"field|not from|ends before|step"):
        parse_schedule(text)


def cron_job(schedule: str = "0 * * * *", status: Object | None = None, **spec: Any) -> Object:
    pods = template(restartPolicy="Never")
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "web", "namespace": "default", "creationTimestamp": "2026-01-01T00:30:00Z"},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": pods}}} | spec,
    } | ({"status": status} if status else {})


DUE: dict[str, tuple[Object, str, str | None]] = {
    "not yet": (cron_job(), "2026-01-01T00:59", None),
    "now": (cron_job(), "2026-01-01T01:00", "2026-01-01T01:00"),
    "only the latest of several": (cron_job(), "2026-01-01T05:10", "2026-01-01T05:00"),
    "once": (cron_job(status={"lastScheduleTime": "2026-01-01T05:00:00Z"}), "2026-01-01T05:10", None),
    "too late": (cron_job(startingDeadlineSeconds=60), "2026-01-01T05:10", None),
    "long ago": (cron_job("0 0 1 2,3 *"), "2026-12-31T00:00", "2026-03-01T00:00"),
    "after years": (cron_job("* * * * *"), "2031-01-01T00:00:20", "2031-01-01T00:00"),
}


@pytest.mark.parametrize(("one", "time", "expected"), DUE.values(), ids=DUE.keys())
def test_what_is_due(one: Object, time: str, expected: str | None) -> None:
    found = cron_plan.due(one, parse_schedule(one["spec"]["schedule"]), at(time), dt.UTC)
    assert found.time == (at(expected) if expected else None)


def test_many_missed_times_are_told() -> None:
    schedule = parse_schedule("* * * * *")
    assert not cron_plan.due(cron_job("* * * * *"), schedule, at("2026-01-01T01:00"), dt.UTC).many_missed
    assert cron_plan.due(cron_job("* * * * *"), schedule, at("2026-01-01T03:00"), dt.UTC).many_missed


def test_an_unknown_time_zone_is_named() -> None:
    with pytest.raises(ValueError, match="invalid timeZone: 'Mars/Base'"):
        cron_plan.zone_of(cron_job(timeZone="Mars/Base"))


def run(name: str, condition: str) -> Object:
    return {
        "metadata": {"name": name},
        "status": {"startTime": name, "conditions": [{"type": condition, "status": "True"}]},
    }


def test_only_so_many_ended_jobs_are_kept() -> None:
    jobs = [run(str(number), "Complete") for number in range(5)] + [run("a", "Failed"), run("b", "Failed")]
    gone = cron_plan.superfluous(cron_job(), jobs)
    assert [job["metadata"]["name"] for job in gone] == ["0", "1", "a"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


YEARLY = "0 0 1 1 *"


async def forget(world: Workloads, name: str = "web") -> None:
    """The last run was years ago, so that one is due."""
    await world.patch(CRON_JOBS, {"status": {"lastScheduleTime": "2020-01-01T00:00:00Z"}}, name, "status")


async def start(world: Workloads, **spec: Any) -> Object:
    """A CronJob of which a run is due at once."""
    await world.create(CRON_JOBS, cron_job(YEARLY, suspend=True, **spec))
    await forget(world)
    return await world.patch(CRON_JOBS, {"spec": {"suspend": False}})


async def jobs(world: Workloads, count: int) -> list[Object]:
    async def enough() -> list[Object] | None:
        found = await world.all(JOBS)
        return [*found, {}] if len(found) == count else None

    return list(await eventually(enough, f"{count} jobs"))[:-1]


async def test_a_run_that_is_due_starts_once(world: Workloads) -> None:
    made = await start(world)
    (one,) = await jobs(world, 1)
    assert (controller_of(one) or {})["uid"] == made["metadata"]["uid"]
    new_year = dt.datetime(dt.datetime.now(dt.UTC).year, 1, 1).astimezone()
    assert one["metadata"]["name"] == f"web-{int(new_year.timestamp()) // 60}"
    await world.event("CronJob", "SuccessfulCreate", f"Created job {one['metadata']['name']}")

    async def active() -> Object | None:
        status: Object = (await world.get(CRON_JOBS)).get("status") or {}
        return status if status.get("active") else None

    status = await eventually(active)
    assert [entry["uid"] for entry in status["active"]] == [one["metadata"]["uid"]]
    await end(world, one)

    async def over() -> Object | None:
        status: Object = (await world.get(CRON_JOBS)).get("status") or {}
        return status if not status.get("active") and status.get("lastSuccessfulTime") else None

    await eventually(over)
    text = f"Saw completed job: {one['metadata']['name']}, condition: Complete"
    await world.event("CronJob", "SawCompletedJob", text)


async def end(world: Workloads, job: Object) -> None:
    (pod,) = await world.pods(1)
    await world.set_phase(pod, "Succeeded")
    await world.status(JOBS, job["metadata"]["name"], succeeded=1)


@pytest.mark.parametrize(("policy", "count"), [("Forbid", 1), ("Replace", 1), ("Allow", 2)])
async def test_the_concurrency_policy_says_what_becomes_of_an_earlier_run(
    world: Workloads, policy: str, count: int
) -> None:
    owner = await start(world, concurrencyPolicy=policy)
    (first,) = await jobs(world, 1)
    earlier = cron_plan.new_job(owner, at("2020-01-01T00:00"))
    # Take the run back in time, so that one is due again beside it.
    await world.client.delete(JOBS, first["metadata"]["name"], "default", propagation_policy="Background")
    await jobs(world, 0)
    await world.create(JOBS, earlier)
    await forget(world)
    if policy == "Forbid":
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        await world.event("CronJob", "JobAlreadyActive", text)
    else:
        await eventually(lambda: started(world, earlier), "a later run")
    assert len(await jobs(world, count)) == count


async def test_a_job_that_a_person_started_from_it_hinders_no_run(world: Workloads) -> None:
    owner = await world.create(CRON_JOBS, cron_job(YEARLY, suspend=True, concurrencyPolicy="Forbid"))
    by_hand = cron_plan.new_job(owner, at("2020-01-01T00:00"))
    by_hand["metadata"] |= {"name": "manual", "annotations": {"cronjob.kubernetes.io/instantiate": "manual"}}
    await world.create(JOBS, by_hand)
    await forget(world)
    await world.patch(CRON_JOBS, {"spec": {"suspend": False}})
    assert len(await jobs(world, 2)) == 2


async def started(world: Workloads, earlier: Object) -> bool:
    name = earlier["metadata"]["name"]
    return any(job["metadata"]["name"] != name for job in await world.all(JOBS))


async def test_a_suspended_cron_job_starts_nothing(world: Workloads) -> None:
    await world.create(CRON_JOBS, cron_job(YEARLY, suspend=True))
    await forget(world)
    await world.create(CRON_JOBS, cron_job(YEARLY) | {"metadata": {"name": "witness"}})
    before = now()
    await forget(world, "witness")
    (one,) = await jobs(world, 1)
    assert one["metadata"]["name"].startswith("witness-")
    assert one["metadata"]["creationTimestamp"] >= before
