"""Jobs: counting, planning and judging as values, then the controllers on a real API server."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.controllers import job_plan
from proa.cluster.controllers.job_backoff import Backoff
from proa.cluster.controllers.job_failure_policy import outcome
from proa.cluster.controllers.job_index_failures import FAILURES, IGNORED
from proa.cluster.controllers.job_indexes import INDEX, format_indexes, parse_indexes
from proa.cluster.controllers.job_tracking import FINALIZER, Tally, tally
from proa.cluster.controllers.job_verdict import Verdict, verdict
from proa.cluster.controllers.workload_kinds import JOBS
from proa.kube import PODS, Object, annotations_of, condition_is_true, find_condition, labels_of
from support.objects import pod
from support.server import eventually
from support.workloads import Workloads, template, workloads

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
OWNED = {"name": "web", "namespace": "default", "uid": "u"}


def job(name: str = "web", status: Object | None = None, **spec: Any) -> Object:
    pods = template(restartPolicy=spec.pop("restartPolicy", "Never"))
    defaults = {"template": pods, "parallelism": 1, "completions": 1, "backoffLimit": 6}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "default"},
        "spec": defaults | spec,
    } | ({"status": status} if status else {})


def ended(name: str, phase: str, *, at: str = "2026-01-01T00:00:00Z", **more: Any) -> Object:
    made = pod(name)
    made["metadata"]["finalizers"] = [FINALIZER] if more.get("tracked", True) else []
    if "index" in more:
        made["metadata"]["annotations"] = {INDEX: str(more["index"])}
    made["status"] = {
        "phase": phase,
        "containerStatuses": [
            {"name": "c", "state": {"terminated": {"exitCode": more.get("code", 1), "finishedAt": at}}}
        ],
    }
    return made


def uids(*names: str) -> list[str]:
    return [f"pod-default-{name}" for name in names]


def test_a_finished_pod_is_written_down_before_it_is_let_go() -> None:
    counts = tally(job(), [ended("a", "Succeeded"), ended("b", "Failed"), pod("c")])
    assert (counts.succeeded, counts.failed, len(counts.active)) == (1, 1, 1)
    assert counts.status == {"uncountedTerminatedPods": {"succeeded": uids("a"), "failed": uids("b")}}
    assert [one["metadata"]["name"] for one in counts.released] == ["a", "b"]


def test_a_pod_counts_once_while_it_is_let_go_and_after() -> None:
    noted = {"succeeded": 2, "uncountedTerminatedPods": {"succeeded": uids("a")}}
    before = tally(job(status=noted), [ended("a", "Succeeded")])
    assert (before.succeeded, before.status) == (3, noted)
    for gone in ([], [ended("a", "Succeeded", tracked=False)]):
        after = tally(job(status=noted), gone)
        assert (after.succeeded, after.status) == (3, {"succeeded": 3, "uncountedTerminatedPods": {}})


def test_an_index_that_succeeded_twice_counts_once() -> None:
    twice = [ended("a", "Succeeded", index=1), ended("b", "Succeeded", index=1)]
    counts = tally(job(completionMode="Indexed", completions=3, status={"completedIndexes": "0"}), twice)
    assert counts.succeeded == 2
    assert counts.status["completedIndexes"] == "0,1"


@given(st.sets(st.integers(0, 30)))
def test_indexes_survive_their_text_form(indexes: set[int]) -> None:
    assert parse_indexes(format_indexes(indexes), 31) == indexes


def test_three_indexes_in_a_row_are_a_range() -> None:
    assert format_indexes({0, 1, 3, 4, 5, 7}) == "0,1,3-5,7"


VERDICTS: dict[str, tuple[Object, list[Object], Tally, Verdict | None]] = {
    "work to do": (job(), [], Tally(), None),
    "enough": (
        job(),
        [],
        Tally(succeeded=1),
        Verdict(True, "CompletionsReached", "Reached expected number of succeeded pods"),
    ),
    "a work queue waits for all": (job(completions=None), [], Tally(succeeded=1, active=[pod()]), None),
    "too many failures": (
        job(backoffLimit=1),
        [],
        Tally(failed=2),
        Verdict(False, "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
    ),
    "too late": (
        job(activeDeadlineSeconds=60, status={"startTime": "2026-01-01T23:58:00Z"}),
        [],
        Tally(),
        Verdict(False, "DeadlineExceeded", "Job was active longer than specified deadline"),
    ),
    "suspended is never late": (
        job(activeDeadlineSeconds=60, suspend=True, status={"startTime": "2026-01-01T23:58:00Z"}),
        [],
        Tally(),
        None,
    ),
}


@pytest.mark.parametrize(("one", "pods", "counts", "expected"), VERDICTS.values(), ids=VERDICTS.keys())
def test_a_job_ends(one: Object, pods: list[Object], counts: Tally, expected: Verdict | None) -> None:
    assert verdict(one, pods, counts, NOW) == expected


def test_restarts_by_the_kubelet_count_against_the_limit() -> None:
    restarted = pod()
    restarted["status"] = {"phase": "Running", "containerStatuses": [{"restartCount": 2}]}
    one = job(restartPolicy="OnFailure", backoffLimit=2)
    assert (verdict(one, [restarted], Tally(), NOW) or Verdict(True, "", "")).reason == "BackoffLimitExceeded"


def test_a_failure_policy_ends_the_job_or_forgives_the_pod() -> None:
    exit_codes = {"operator": "In", "values": [42]}
    fail = {"action": "FailJob", "onExitCodes": exit_codes}
    ignore = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    one = job(podFailurePolicy={"rules": [fail, ignore]})
    text = "Container c for pod default/a failed with exit code 42 matching FailJob rule at index 0"
    assert outcome(one, ended("a", "Failed", code=42)) == ("FailJob", text)
    assert outcome(one, ended("a", "Failed", code=1)).action == "Count"
    disrupted = ended("a", "Failed", code=1)
    disrupted["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
    counts = tally(one, [disrupted])
    assert (counts.failed, counts.released) == (0, [disrupted])


def test_a_failed_pod_is_replaced_later_each_time_until_one_succeeds() -> None:
    failed = [ended(f"f{number}", "Failed", at="2026-01-01T23:59:55Z") for number in range(3)]
    backoff = Backoff()
    assert backoff.left("j", job(), failed[:1], NOW) == 5
    assert backoff.left("j", job(), failed, NOW) == 35
    assert backoff.left("j", job(), [], NOW) == 35, "also when the pods are gone"
    succeeded = ended("s", "Succeeded", at="2026-01-01T23:59:59Z")
    assert backoff.left("j", job(), [*failed, succeeded], NOW) == 0
    assert backoff.left("j", job(), [], NOW) == 0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


async def finish(world: Workloads, pods: list[Object], phase: str = "Succeeded", code: int = 0) -> None:
    for made in pods:
        state = {"terminated": {"exitCode": code, "finishedAt": "2026-01-01T00:00:00Z"}}
        container = {
            "name": "c",
            "state": state,
            "ready": False,
            "restartCount": 0,
            "image": "web",
            "imageID": "",
        }
        await world.set_phase(made, phase, containerStatuses=[container])


async def working(world: Workloads, count: int) -> list[Object]:
    """The pods that have not ended, as soon as there are so many."""

    async def enough() -> list[Object] | None:
        found = [pod for pod in await world.all(PODS) if pod["status"]["phase"] == "Pending"]
        return [*found, {}] if len(found) == count else None

    return list(await eventually(enough, f"{count} pods at work"))[:-1]


async def condition(world: Workloads, kind: str) -> Object:
    async def reached() -> Object | None:
        obj = await world.get(JOBS)
        return obj if condition_is_true(obj, kind) else None

    return dict(await eventually(reached, kind))


async def test_a_job_runs_so_many_pods_at_a_time_until_enough_succeeded(world: Workloads) -> None:
    await world.create(JOBS, job(completions=3, parallelism=2))
    await finish(world, await working(world, 2))
    await finish(world, await working(world, 1))
    over = await condition(world, "Complete")
    assert over["status"]["succeeded"] == 3
    assert over["status"]["completionTime"]
    assert over["status"]["uncountedTerminatedPods"] == {}
    assert condition_is_true(over, "SuccessCriteriaMet")
    assert all(FINALIZER not in one["metadata"].get("finalizers", ()) for one in await world.all(PODS))
    await world.event("Job", "Completed", "Job completed")


async def test_a_failed_pod_is_replaced_and_too_many_end_the_job(world: Workloads) -> None:
    await world.create(JOBS, job(backoffLimit=1))
    await finish(world, await working(world, 1), "Failed", 1)
    await finish(world, await working(world, 1), "Failed", 1)
    over = await condition(world, "Failed")
    assert over["status"]["failed"] == 2
    assert (find_condition(over, "Failed") or {})["reason"] == "BackoffLimitExceeded"
    await world.event("Job", "BackoffLimitExceeded", "Job has reached the specified backoff limit")


async def test_an_indexed_job_has_one_pod_for_each_index(world: Workloads) -> None:
    await world.create(JOBS, job(completionMode="Indexed", completions=3, parallelism=3))
    pods = await working(world, 3)
    assert sorted(annotations_of(one)[INDEX] for one in pods) == ["0", "1", "2"]
    first = next(one for one in pods if labels_of(one)[INDEX] == "0")
    assert first["spec"]["hostname"] == "web-0"
    assert first["metadata"]["generateName"] == "web-0-"
    assert first["spec"]["containers"][0]["env"][0]["name"] == "JOB_COMPLETION_INDEX"
    await finish(world, pods)
    assert (await condition(world, "Complete"))["status"]["completedIndexes"] == "0-2"


async def test_a_suspended_job_has_no_pods_and_resumes(world: Workloads) -> None:
    await world.create(JOBS, job())
    await working(world, 1)
    await world.patch(JOBS, {"spec": {"suspend": True}})
    await working(world, 0)
    suspended = await condition(world, "Suspended")
    assert suspended["status"].get("failed", 0) == 0
    await world.patch(JOBS, {"spec": {"suspend": False}})
    await finish(world, await working(world, 1))
    await condition(world, "Complete")
    await world.event("Job", "Resumed", "Job resumed")


async def test_a_job_that_takes_too_long_ends_with_its_pods(world: Workloads) -> None:
    await world.create(JOBS, job(activeDeadlineSeconds=1))
    await working(world, 1)
    over = await condition(world, "Failed")
    assert (find_condition(over, "Failed") or {})["reason"] == "DeadlineExceeded"
    assert await world.all(PODS) == []


async def test_a_job_goes_with_its_pods_when_its_time_after_the_end_is_over(world: Workloads) -> None:
    await world.create(JOBS, job(ttlSecondsAfterFinished=0))
    await finish(world, await working(world, 1))

    async def gone() -> bool:
        return not await world.all(JOBS) and not await world.all(PODS)

    await eventually(gone)


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
async def test_pods_of_a_deleted_job_are_not_held(world: Workloads, policy: str) -> None:
    await world.create(JOBS, job())
    await working(world, 1)
    await world.client.delete(JOBS, "web", "default", propagation_policy=policy)
    await world.pods(0)

    async def gone() -> bool:
        return not await world.all(PODS) and not await world.all(JOBS)

    await eventually(gone)


async def test_pods_that_a_deleted_job_leaves_behind_are_not_held(world: Workloads) -> None:
    await world.create(JOBS, job())
    (kept,) = await working(world, 1)
    await world.client.delete(JOBS, "web", "default", propagation_policy="Orphan")

    async def free() -> bool:
        return not (await world.get(PODS, kept["metadata"]["name"]))["metadata"].get("finalizers")

    await eventually(free)


def indexed(**spec: Any) -> Object:
    return job(completionMode="Indexed", completions=4, parallelism=4, **spec)


def failed_at(index: int, failures: int, *, code: int = 1, at: str = "2026-01-01T23:59:55Z") -> Object:
    made = ended(f"f{index}-{failures}", "Failed", index=index, code=code, at=at)
    made["metadata"]["annotations"][FAILURES] = str(failures)
    return made


def test_an_index_is_given_up_after_its_own_limit() -> None:
    one = indexed(backoffLimitPerIndex=1, backoffLimit=2**31 - 1)
    counts = tally(one, [failed_at(0, 1), failed_at(1, 0)])
    assert counts.failed_indexes == {0}
    assert counts.status["failedIndexes"] == "0"
    assert {index: pod["metadata"]["name"] for index, pod in counts.awaiting.items()} == {1: "f1-0"}
    assert [pod["metadata"]["name"] for pod in counts.released] == ["f0-1"]


def test_a_failed_index_waits_for_its_time_and_its_next_pod_knows_how_often_it_failed() -> None:
    one = indexed(backoffLimitPerIndex=3)
    waiting, due = failed_at(1, 1), failed_at(2, 0, at="2026-01-01T23:00:00Z")
    counts = tally(one, [waiting, due])
    assert job_plan.to_create(one, counts, NOW) == ([0, 2, 3], 15)
    assert annotations_of(job_plan.job_pod(one | {"metadata": OWNED}, 2, due))[FAILURES] == "1"
    assert annotations_of(job_plan.job_pod(one | {"metadata": OWNED}, 0))[FAILURES] == "0"


def test_a_rule_gives_an_index_up_at_once_or_does_not_count_its_failure() -> None:
    rules = [
        {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [3]}},
        {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [4]}},
    ]
    one = indexed(backoffLimitPerIndex=2, podFailurePolicy={"rules": rules})
    counts = tally(one, [failed_at(0, 0, code=3), failed_at(1, 2, code=4)])
    assert (counts.failed_indexes, set(counts.awaiting)) == ({0}, {1})
    following = annotations_of(job_plan.job_pod(one | {"metadata": OWNED}, 1, counts.awaiting[1]))
    assert (following[FAILURES], following[IGNORED]) == ("2", "1")


INDEX_ENDS: dict[str, tuple[Object, set[int], set[int], Verdict | None]] = {
    "some left": (indexed(backoffLimitPerIndex=0), {0, 1}, {2}, None),
    "all others succeeded": (
        indexed(backoffLimitPerIndex=0),
        {0, 1, 3},
        {2},
        Verdict(False, "FailedIndexes", "Job has failed indexes"),
    ),
    "too many failed": (
        indexed(backoffLimitPerIndex=0, maxFailedIndexes=1),
        {0},
        {1, 2},
        Verdict(
            False,
            "MaxFailedIndexesExceeded",
            "Job has exceeded the specified maximal number of failed indexes",
        ),
    ),
    "the leader succeeded": (
        indexed(successPolicy={"rules": [{"succeededIndexes": "0"}]}),
        {0},
        set(),
        Verdict(True, "SuccessPolicy", "Matched rules at index 0"),
    ),
    "the second rule": (
        indexed(successPolicy={"rules": [{"succeededIndexes": "0,1"}, {"succeededCount": 2}]}),
        {1, 2},
        set(),
        Verdict(True, "SuccessPolicy", "Matched rules at index 1"),
    ),
    "too few of those named": (
        indexed(successPolicy={"rules": [{"succeededIndexes": "0-2", "succeededCount": 2}]}),
        {2, 3},
        set(),
        None,
    ),
}


@pytest.mark.parametrize(
    ("one", "completed", "failed", "expected"), INDEX_ENDS.values(), ids=INDEX_ENDS.keys()
)
def test_single_indexes_end_a_job(
    one: Object, completed: set[int], failed: set[int], expected: Verdict | None
) -> None:
    counts = Tally(succeeded=len(completed), completed=completed, failed_indexes=failed)
    assert verdict(one, [], counts, NOW) == expected


async def test_one_index_fails_and_the_others_finish(world: Workloads) -> None:
    await world.create(JOBS, indexed(backoffLimitPerIndex=0))
    pods = await working(world, 4)
    await finish(world, pods[:1], "Failed", 1)
    await finish(world, pods[1:])
    over = await condition(world, "Failed")
    assert (over["status"]["failedIndexes"], over["status"]["completedIndexes"]) == ("0", "1-3")
    assert (find_condition(over, "Failed") or {})["reason"] == "FailedIndexes"


async def test_a_success_policy_ends_the_rest(world: Workloads) -> None:
    await world.create(JOBS, indexed(successPolicy={"rules": [{"succeededIndexes": "0"}]}))
    pods = await working(world, 4)
    await finish(world, [one for one in pods if labels_of(one)[INDEX] == "0"])
    over = await condition(world, "Complete")
    assert (find_condition(over, "SuccessCriteriaMet") or {})["reason"] == "SuccessPolicy"
    assert len(await world.all(PODS)) == 1


async def test_pods_that_a_failing_job_ends_count_as_failed(world: Workloads) -> None:
    await world.create(JOBS, job(backoffLimit=0, completions=3, parallelism=3))
    await finish(world, (await working(world, 3))[:1], "Failed", 1)
    over = await condition(world, "Failed")
    assert over["status"]["failed"] == 3
    assert over["status"]["uncountedTerminatedPods"] == {}
