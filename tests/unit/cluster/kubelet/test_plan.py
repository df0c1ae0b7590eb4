"""What is next for a pod: tables of what was seen and what must follow."""

import pytest

from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.plan import Plan, make_plan
from proa.kube import Object
from support.kubelet_objects import CREATED, EXITED, RUNNING, container, pod, sandbox, seen, spec_of

SETUP, SIDECAR = spec_of("setup"), spec_of("side", restartPolicy="Always")
NOTHING = seen(sandboxes=())
DEAD = (sandbox(ready=False),)


def plan(pod_: Object, observed: PodObservation, *, started: bool = True) -> Plan:
    return make_plan(pod_, observed, {}, lambda _: started)


STARTS = {
    "a new pod gets a sandbox and all containers": (pod("a", "b"), NOTHING, 0, ("a", "b")),
    "with a sandbox the containers start": (pod("a", "b"), seen(), None, ("a", "b")),
    "what runs is left alone": (pod("a", "b"), seen(container("a")), None, ("b",)),
    "a created container is started anew": (pod("a"), seen(container("a", CREATED)), None, ("a",)),
    "an ended container is restarted": (pod("a"), seen(container("a", EXITED)), None, ("a",)),
    "a failed one is restarted OnFailure": (
        pod("a", "b", restartPolicy="OnFailure"),
        seen(container("a", EXITED, code=1), container("b", EXITED)),
        None,
        ("a",),
    ),
    "an ended one is not restarted Never": (
        pod("a", "b", restartPolicy="Never"),
        seen(container("a", EXITED, code=1)),
        None,
        ("b",),
    ),
    "init containers come first": (pod("a", init=(SETUP,)), NOTHING, 0, ("setup",)),
    "while one runs nothing else starts": (pod("a", init=(SETUP,)), seen(container("setup")), None, ()),
    "after it the main containers start": (
        pod("a", init=(SETUP,)),
        seen(container("setup", EXITED)),
        None,
        ("a",),
    ),
    "a failed init container is tried again": (
        pod("a", init=(SETUP,)),
        seen(container("setup", EXITED, code=1)),
        None,
        ("setup",),
    ),
    "a started sidecar lets the next start": (
        pod("a", init=(SIDECAR, SETUP)),
        seen(container("side")),
        None,
        ("setup",),
    ),
    "a dead sidecar is restarted beside the main containers": (
        pod("a", init=(SIDECAR,)),
        seen(container("side", EXITED), container("a")),
        None,
        ("side",),
    ),
    "init containers do not run again in the same sandbox": (
        pod("a", init=(SETUP,)),
        seen(container("a", EXITED)),
        None,
        ("a",),
    ),
    "a lost sandbox is replaced and init runs again": (
        pod("a", init=(SETUP,)),
        seen(container("setup", EXITED), container("a", EXITED), sandboxes=DEAD),
        1,
        ("setup",),
    ),
}


@pytest.mark.parametrize(("pod_", "observed", "attempt", "names"), STARTS.values(), ids=STARTS.keys())
def test_starts(pod_: Object, observed: PodObservation, attempt: int | None, names: tuple[str, ...]) -> None:
    result = plan(pod_, observed)
    assert (attempt, names) == (result.sandbox_attempt, result.start)
    assert not result.finished


def test_an_unstarted_sidecar_holds_back_what_follows() -> None:
    observed = seen(container("side"))
    assert plan(pod("a", init=(SIDECAR, SETUP)), observed, started=False).start == ()


FINISHED = {
    "all ended well": (pod("a", restartPolicy="OnFailure"), seen(container("a", EXITED)), True),
    "one failed for good": (pod("a", restartPolicy="Never"), seen(container("a", EXITED, code=2)), True),
    "without its sandbox too": (
        pod("a", restartPolicy="Never"),
        seen(container("a", EXITED), sandboxes=DEAD),
        True,
    ),
    "one still runs": (
        pod("a", "b", restartPolicy="Never"),
        seen(container("a", EXITED), container("b")),
        False,
    ),
    "policy Always never ends": (pod("a"), seen(container("a", EXITED)), False),
    "an init container failed for good": (
        pod("a", init=(SETUP,), restartPolicy="Never"),
        seen(container("setup", EXITED, code=1)),
        True,
    ),
}


@pytest.mark.parametrize(("pod_", "observed", "finished"), FINISHED.values(), ids=FINISHED.keys())
def test_finished(pod_: Object, observed: PodObservation, finished: bool) -> None:
    assert plan(pod_, observed).finished is finished


def test_kills_what_is_unhealthy() -> None:
    result = make_plan(pod("a"), seen(container("a")), {"a-0": "bad"}, lambda _: True)
    assert result.kill == {"a-0": "bad"}
    assert result.start == ()


def test_kills_what_runs_another_image() -> None:
    changed = pod(spec_of("a", image="busybox:2"))
    assert list(plan(changed, seen(container("a"))).kill) == ["a-0"]


def test_kills_what_is_left_of_an_older_sandbox() -> None:
    old, new = container("a"), container("a", attempt=1, sandbox_id="s1")
    result = plan(pod("a"), seen(old, new, sandboxes=(sandbox(1), sandbox(0, ready=False))))
    assert list(result.kill) == ["a-0"]


def test_a_container_that_is_adopted_keeps_running() -> None:
    with_defaults = pod(spec_of("a", imagePullPolicy="Always", terminationMessagePath="/dev/x"))
    result = plan(with_defaults, seen(container("a", RUNNING)))
    assert (result.kill, result.start, result.sandbox_attempt) == ({}, (), None)
