"""The status that is computed from what was seen."""

from dataclasses import replace
from typing import Any

import pytest

from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.problems import ContainerProblem
from proa.cluster.kubelet.resize.conditions import Mark
from proa.cluster.kubelet.status import StatusInputs, pod_status, rejected_status, rfc3339
from proa.kube import Object
from support.kubelet_objects import EXITED, container, pod, sandbox, seen, spec_of

SETUP, SIDECAR = spec_of("setup"), spec_of("side", restartPolicy="Always")
STARTED = "2026-01-01T00:00:00Z"


def status(pod_: Object, observed: PodObservation, **more: Any) -> Object:
    told = {"node_ips": ("10.0.0.1",), "started_at": STARTED} | more
    return pod_status(pod_, StatusInputs(seen=observed, **told))


def conditions(result: Object) -> dict[str, str]:
    return {c["type"]: c["status"] for c in result["conditions"]}


DELETED = {"deletionTimestamp": "2030-01-01T00:00:00Z"}
PHASES = {
    "nothing yet": (pod(), seen(sandboxes=()), "Pending"),
    "init runs": (pod(init=(SETUP,)), seen(container("setup")), "Pending"),
    "init failed, will be retried": (pod(init=(SETUP,)), seen(container("setup", EXITED, code=1)), "Pending"),
    "init failed for good": (
        pod(init=(SETUP,), restartPolicy="Never"),
        seen(container("setup", EXITED, code=1)),
        "Failed",
    ),
    "one of two runs": (pod("a", "b"), seen(container("a")), "Pending"),
    "all run": (pod("a", "b"), seen(container("a"), container("b")), "Running"),
    "ended, to be restarted": (pod(), seen(container(state=EXITED, code=1)), "Running"),
    "all ended well": (pod(restartPolicy="Never"), seen(container(state=EXITED)), "Succeeded"),
    "one ended badly": (
        pod("a", "b", restartPolicy="Never"),
        seen(container("a", EXITED), container("b", EXITED, code=1)),
        "Failed",
    ),
    "ended badly, OnFailure": (
        pod(restartPolicy="OnFailure"),
        seen(container(state=EXITED, code=1)),
        "Running",
    ),
    "deleted and ended well": (pod(metadata=DELETED), seen(container(state=EXITED)), "Succeeded"),
    "deleted and killed": (pod(metadata=DELETED), seen(container(state=EXITED, code=137)), "Failed"),
    "deleted and still there": (pod(metadata=DELETED), seen(container()), "Running"),
    "a sidecar that ended does not count": (
        pod(init=(SIDECAR,), restartPolicy="Never"),
        seen(container("side", EXITED, code=137), container(state=EXITED)),
        "Succeeded",
    ),
}


@pytest.mark.parametrize(("pod_", "observed", "phase"), PHASES.values(), ids=PHASES.keys())
def test_phase(pod_: Object, observed: PodObservation, phase: str) -> None:
    assert status(pod_, observed)["phase"] == phase


def test_a_running_pod_is_told_in_full() -> None:
    result = status(pod(), seen(container()))
    (main,) = result["containerStatuses"]
    assert main["state"] == {"running": {"startedAt": "1970-01-01T00:01:40Z"}}
    assert (main["ready"], main["started"], main["restartCount"]) == (True, True, 0)
    assert main["containerID"] == "containerd://main-0"
    assert (result["podIP"], result["podIPs"]) == ("10.42.0.5", [{"ip": "10.42.0.5"}])
    assert (result["hostIP"], result["startTime"], result["qosClass"]) == ("10.0.0.1", STARTED, "BestEffort")
    assert set(conditions(result).values()) == {"True"}


@pytest.mark.parametrize(
    ("main", "told"), [((), "False"), ((container(state=EXITED, code=1),), "True")], ids=["never", "before"]
)
def test_a_pod_that_failed_was_initialized_if_a_container_started(main: tuple[Any, ...], told: str) -> None:
    init = container("setup", EXITED, code=1 if not main else 0)
    result = status(pod(init=(SETUP,), restartPolicy="Never"), seen(init, *main))

    assert (result["phase"], conditions(result)["Initialized"]) == ("Failed", told)


def test_what_was_not_tried_waits() -> None:
    result = status(pod(init=(SETUP,)), seen())
    assert result["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}
    reasons = {c["type"]: c.get("reason") for c in result["conditions"]}
    assert reasons["Initialized"] == "ContainersNotInitialized"
    assert reasons["ContainersReady"] == "ContainersNotReady"


def test_a_crash_that_waits_shows_both_states() -> None:
    problem = ContainerProblem("CrashLoopBackOff", "back-off 10s")
    ended = container(state=EXITED, attempt=2, code=3)
    (main,) = status(pod(), seen(ended), problems={"main": problem})["containerStatuses"]
    assert main["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    assert main["lastState"]["terminated"]["exitCode"] == 3
    assert main["restartCount"] == 2


def test_a_restarted_container_remembers_the_attempt_before() -> None:
    before, now = container(state=EXITED, code=137, reason="OOMKilled"), container(attempt=1)
    (main,) = status(pod(), seen(before, now))["containerStatuses"]
    assert "running" in main["state"]
    assert main["lastState"]["terminated"]["reason"] == "OOMKilled"


def test_a_container_that_never_started_has_no_start_time() -> None:
    ended = container(state=EXITED, code=128, started_at=0, reason="StartError")
    (main,) = status(pod(restartPolicy="Never"), seen(ended))["containerStatuses"]
    assert "startedAt" not in main["state"]["terminated"]


def test_an_unready_container_makes_the_pod_unready() -> None:
    result = status(pod(), seen(container()), is_ready=lambda _: False)
    assert result["phase"] == "Running"
    assert (conditions(result)["ContainersReady"], conditions(result)["Ready"]) == ("False", "False")


def test_a_readiness_gate_holds_ready_back() -> None:
    gated = pod(readinessGates=[{"conditionType": "lb"}])
    result = status(gated, seen(container()))
    assert (conditions(result)["ContainersReady"], conditions(result)["Ready"]) == ("True", "False")
    gated["status"]["conditions"] = [{"type": "lb", "status": "True"}]
    assert conditions(status(gated, seen(container())))["Ready"] == "True"


def test_conditions_tell_of_which_generation_they_are() -> None:
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    bound = pod(metadata={"generation": 2}) | {"status": {"conditions": [scheduled]}}
    told = {c["type"]: c for c in status(bound, seen(container()))["conditions"]}
    assert {c.get("observedGeneration") for c in told.values()} == {2}
    assert told["PodScheduled"]["lastTransitionTime"] == scheduled["lastTransitionTime"]


def test_a_transition_time_moves_only_with_the_status() -> None:
    running = pod()
    old = {"type": "Ready", "status": "True", "lastTransitionTime": STARTED}
    running["status"]["conditions"] = [old]
    ready = next(c for c in status(running, seen(container()))["conditions"] if c["type"] == "Ready")
    assert ready["lastTransitionTime"] == STARTED


def test_a_final_phase_stays() -> None:
    ended = pod()
    ended["status"] = {"phase": "Failed", "reason": "Evicted", "message": "why"}
    result = status(ended, seen(container(state=EXITED)))
    assert (result["phase"], result["reason"], result["message"]) == ("Failed", "Evicted", "why")


def test_a_pod_that_was_given_up_has_failed_when_nothing_of_it_runs() -> None:
    evicted = pod()
    evicted["status"]["phase"] = "Running"
    ending = status(evicted, seen(container()), failure=("Evicted", "why"))
    assert (ending["phase"], "reason" in ending) == ("Running", False)
    assert (conditions(ending)["Ready"], "DisruptionTarget" in conditions(ending)) == ("False", False)
    ended = status(evicted, seen(container(state=EXITED)), failure=("Evicted", "why"))
    assert (ended["phase"], ended["reason"], conditions(ended)["DisruptionTarget"]) == (
        "Failed", "Evicted", "True",
    )  # fmt: skip


def test_a_resize_shows_what_was_given_and_what_a_container_has() -> None:
    given, has = {"requests": {"cpu": "2"}}, {"requests": {"cpu": "1"}}
    resized = pod(spec_of("main", resources=given))
    marks = {"PodResizePending": None, "PodResizeInProgress": Mark(3)}
    result = status(resized, seen(container()), resources=lambda _: has, resize=marks)
    (main,) = result["containerStatuses"]
    assert (main["resources"], main["allocatedResources"]) == (has, {"cpu": "2"})
    assert conditions(result)["PodResizeInProgress"] == "True"
    ended = status(resized, seen(container(state=EXITED)), resources=lambda _: has, resize=marks)
    assert ended["containerStatuses"][0]["resources"] == given


def test_a_rejected_pod_has_a_reason_and_no_containers() -> None:
    refused = pod()
    refused["status"]["conditions"] = [{"type": "PodScheduled", "status": "True"}]
    result = rejected_status(refused, STARTED, "OutOfcpu", "no cpu")
    assert (result["phase"], result["reason"]) == ("Failed", "OutOfcpu")
    assert result["message"] == "Pod was rejected: no cpu"
    assert (conditions(result), "containerStatuses" in result) == ({"PodScheduled": "True"}, False)


def test_a_pod_that_was_given_up_says_why() -> None:
    result = status(pod(), seen(), failure=("OutOfcpu", "no cpu"))
    assert (result["phase"], result["reason"], result["message"]) == ("Failed", "OutOfcpu", "no cpu")


def test_addresses_stay_after_the_sandbox_is_gone() -> None:
    ended = pod(restartPolicy="Never")
    ended["status"]["podIPs"] = [{"ip": "10.42.0.9"}]
    observed = seen(container(state=EXITED), sandboxes=(sandbox(ready=False),))
    result = status(ended, observed)
    assert result["podIP"] == "10.42.0.9"
    assert conditions(result)["PodReadyToStartContainers"] == "False"


def test_host_network_has_the_address_of_the_node() -> None:
    assert status(pod(hostNetwork=True), seen())["podIP"] == "10.0.0.1"


def test_no_time_yet() -> None:
    assert rfc3339(0) is None


FOUR_FIRST, SIX_FIRST = ("10.0.0.1", "fd99::1"), ("fd99::1", "10.0.0.1")


@pytest.mark.parametrize(
    ("node_ips", "pod_ips"),
    [
        (("10.0.0.1",), ["10.42.1.7", "fd42::7"]),
        (FOUR_FIRST, ["10.42.1.7", "fd42::7"]),
        (SIX_FIRST, ["fd42::7", "10.42.1.7"]),
    ],
)
def test_addresses_of_the_nodes_primary_family_come_first(
    node_ips: tuple[str, ...], pod_ips: list[str]
) -> None:
    for told in (("10.42.1.7", "fd42::7"), ("fd42::7", "10.42.1.7")):
        shown = status(pod(), replace(seen(container()), ips=told), node_ips=node_ips)
        assert [entry["ip"] for entry in shown["podIPs"]] == pod_ips
        assert shown["podIP"] == pod_ips[0]
        assert [entry["ip"] for entry in shown["hostIPs"]] == list(node_ips)
        assert shown["hostIP"] == node_ips[0]


def test_a_pod_in_the_nodes_network_has_both_of_its_addresses() -> None:
    shown = status(pod(hostNetwork=True), seen(container()), node_ips=SIX_FIRST)
    assert [entry["ip"] for entry in shown["podIPs"]] == list(SIX_FIRST)
    assert "podIPs" not in status(pod(hostNetwork=True), PodObservation(), node_ips=SIX_FIRST)
