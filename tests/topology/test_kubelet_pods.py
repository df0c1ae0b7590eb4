"""The life of pods on a real containerd: they start, restart, finish, fail and go."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from proa.kube import EVENTS, PODS, Object, condition_is_true, find_condition
from proa.kube.resources import RUNTIME_CLASSES
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


async def test_a_pod_runs_is_reported_and_leaves_nothing(lab: KubeletLab) -> None:
    await lab.create(
        "web",
        container("echo hello > /data/x; cat /data/x; sleep 1000000", volumeMounts=[
            {"name": "d", "mountPath": "/data"}
        ]),
        volumes=[{"name": "d", "emptyDir": {}}],
    )  # fmt: skip
    pod = await lab.wait_running("web")
    status, (main,) = pod["status"], pod["status"]["containerStatuses"]
    assert status["phase"] == "Running"
    assert status["podIP"].startswith("10.231.")
    assert status["podIPs"] == [{"ip": status["podIP"]}]
    assert status["hostIP"] == "127.0.0.1"
    assert status["qosClass"] == "BestEffort"
    assert {c["type"]: c["status"] for c in status["conditions"]} == dict.fromkeys(
        ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready", "PodScheduled"), "True"
    )
    assert main["state"]["running"]["startedAt"]
    assert main["ready"]
    assert main["started"]
    assert main["containerID"].startswith("containerd://")
    assert await lab.lines("web", 1) == ["hello"]
    await lab.delete("web")
    assert lab.remains() == []


async def test_init_containers_run_in_order_and_sidecars_stay(lab: KubeletLab) -> None:
    mounts = [{"name": "d", "mountPath": "/d"}]
    await lab.create(
        "init",
        container("cat /d/order; sleep 1000000", volumeMounts=mounts),
        initContainers=[
            container("echo one >> /d/order", "first", volumeMounts=mounts),
            container("sleep 1000000", "sidecar", restartPolicy="Always"),
            container("sleep 0.2; echo two >> /d/order", "second", volumeMounts=mounts),
        ],
        volumes=[{"name": "d", "emptyDir": {"medium": "Memory"}}],
    )
    pod = await lab.wait_running("init")
    first, sidecar, second = pod["status"]["initContainerStatuses"]
    assert first["state"]["terminated"]["reason"] == "Completed"
    assert second["state"]["terminated"]["exitCode"] == 0
    assert "running" in sidecar["state"]
    assert await lab.lines("init", 2) == ["one", "two"]


async def test_nothing_starts_before_a_sidecar_has_passed_its_startup_probe(lab: KubeletLab) -> None:
    mounts = [{"name": "d", "mountPath": "/d"}]
    probe = {"exec": {"command": ["test", "-e", "/d/up"]}, "periodSeconds": 1}
    up = container("sleep 1; touch /d/up; sleep 1000000", "sidecar", volumeMounts=mounts)
    await lab.create(
        "ordered",
        container("test -e /d/up && echo after; sleep 1000000", volumeMounts=mounts),
        initContainers=[up | {"restartPolicy": "Always", "startupProbe": probe}],
        volumes=[{"name": "d", "emptyDir": {}}],
    )
    await lab.wait_running("ordered")
    assert await lab.lines("ordered", 1) == ["after"]


async def test_a_crashing_container_backs_off_and_tells_why(lab: KubeletLab) -> None:
    await lab.create("crash", container("echo boo > /dev/termination-log; exit 3"))
    pod = await lab.wait("crash", lambda p: _state(p).get("waiting", {}).get("reason") == "CrashLoopBackOff")
    (main,) = pod["status"]["containerStatuses"]
    who = f"container=main pod=crash_default({pod['metadata']['uid']})"
    assert main["state"]["waiting"]["message"] == f"back-off 10s restarting failed {who}"
    assert main["lastState"]["terminated"]["exitCode"] == 3
    assert main["lastState"]["terminated"]["reason"] == "Error"
    assert main["lastState"]["terminated"]["message"] == "boo\n"
    assert main["restartCount"] == 1
    assert pod["status"]["phase"] == "Running"
    assert not condition_is_true(pod, "Ready")


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (7, "Failed")])
async def test_a_pod_that_never_restarts_ends(lab: KubeletLab, code: int, phase: str) -> None:
    await lab.create("job", container(f"exit {code}"), restartPolicy="Never")
    pod = await lab.wait(
        "job",
        lambda p: p["status"].get("phase") == phase and not condition_is_true(p, "PodReadyToStartContainers"),
    )
    assert _state(pod)["terminated"]["exitCode"] == code
    assert pod["status"]["podIP"]
    ready = find_condition(pod, "Ready")
    assert ready is not None
    assert ready["reason"] == ("PodCompleted" if code == 0 else "PodFailed")


async def test_a_container_over_its_memory_limit_is_oom_killed(lab: KubeletLab) -> None:
    hog = {
        "name": "main",
        "image": "busybox:stable",
        "command": ["tail", "/dev/zero"],
        "resources": {"limits": {"memory": "16Mi"}},
    }
    await lab.create("hog", hog, restartPolicy="Never")
    pod = await lab.wait_phase("hog", "Failed")
    assert _state(pod)["terminated"]["reason"] == "OOMKilled"
    assert _state(pod)["terminated"]["exitCode"] == 137
    assert pod["status"]["qosClass"] == "Burstable" or pod["status"]["qosClass"] == "Guaranteed"


async def test_the_limits_of_a_pod_are_in_its_cgroup(lab: KubeletLab) -> None:
    limits = {"cpu": "250m", "memory": "64Mi"}
    pod = await lab.create("small", container(resources={"limits": limits}))
    await lab.wait_running("small")
    assert (await lab.pod("small"))["status"]["qosClass"] == "Guaranteed"
    path = f"proa/{lab.name}/guaranteed/pod{pod['metadata']['uid']}"
    assert lab.cgroup_value(path, "memory.limit_in_bytes", "memory.max") == str(64 << 20)
    assert lab.cgroup_value(path, "cpu.cfs_quota_us", "cpu.max").split()[0] == "25000"


async def test_a_pod_that_ignores_sigterm_is_killed_after_its_grace(lab: KubeletLab) -> None:
    stubborn = container() | {"command": ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"]}
    await lab.create("stubborn", stubborn)
    await lab.wait_running("stubborn")
    await lab.delete("stubborn")
    assert lab.remains() == []


async def test_a_force_deleted_pod_is_cleared_away(lab: KubeletLab) -> None:
    await lab.create("forced", terminationGracePeriodSeconds=600)
    await lab.wait_running("forced")
    await lab.api.delete(PODS, "forced", "default", grace_period_seconds=0)

    async def clean() -> bool:
        return lab.remains() == []

    await lab.eventually(clean, lambda: f"{lab.remains()}")


async def test_a_second_deletion_shortens_the_grace(lab: KubeletLab) -> None:
    stubborn = container() | {"command": ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"]}
    await lab.create("slow", stubborn, terminationGracePeriodSeconds=600)
    await lab.wait_running("slow")
    await lab.api.delete(PODS, "slow", "default")
    await lab.delete("slow", 1)


async def test_a_pod_over_its_deadline_fails(lab: KubeletLab) -> None:
    await lab.create("late", activeDeadlineSeconds=1)
    pod = await lab.wait_phase("late", "Failed")
    assert pod["status"]["reason"] == "DeadlineExceeded"


async def test_a_pod_that_does_not_fit_is_refused(lab: KubeletLab) -> None:
    await lab.create("huge", container(resources={"requests": {"cpu": "999"}}))
    pod = await lab.wait_phase("huge", "Failed")
    assert pod["status"]["reason"] == "OutOfcpu"
    assert "requested: 999000, used: 0" in pod["status"]["message"]


def _state(pod: Object) -> Object:
    statuses = pod["status"].get("containerStatuses")
    return dict(statuses[0]["state"]) if statuses else {}


async def test_a_deleted_pod_that_something_holds_shows_how_it_ended(lab: KubeletLab) -> None:
    await lab.create("held", container())
    await lab.wait_running("held")
    await lab.api.patch(PODS, "held", {"metadata": {"finalizers": ["example.com/held"]}}, "default")
    await lab.api.delete(PODS, "held", "default")
    for _ in range(2):  # another look at it changes nothing
        pod = await lab.wait_phase("held", "Failed")
        assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
        await lab.eventually(_gone(lab), lambda: "it is still there")
        await lab.api.patch(PODS, "held", {"metadata": {"labels": {"looked": "at"}}}, "default")
    await lab.api.patch(PODS, "held", {"metadata": {"finalizers": None}}, "default")


def _gone(lab: KubeletLab) -> Callable[[], Awaitable[bool]]:
    async def gone() -> bool:
        return lab.remains() == []

    return gone


async def test_a_runtime_that_the_node_does_not_have_is_named(lab: KubeletLab) -> None:
    await lab.api.create(RUNTIME_CLASSES, {"metadata": {"name": "sandboxed"}, "handler": "sandboxed"})
    await lab.create("elsewhere", container(), runtimeClassName="sandboxed")

    async def told() -> bool:
        events = await lab.api.list(EVENTS, "default")
        return any('no runtime for "sandboxed" is configured' in e["message"] for e in events["items"])

    await lab.eventually(told, lambda: "no event says so")
    assert (await lab.pod("elsewhere"))["status"]["phase"] == "Pending"
