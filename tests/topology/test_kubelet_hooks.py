"""Hooks and probes of real containers, those that hang among them, and namespaces that are shared."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.kube import EVENTS, Object
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


def run(script: str) -> Object:
    return {"exec": {"command": ["sh", "-c", script]}}


def processes(word: str) -> list[int]:
    """Processes of the machine that have this word among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


async def told(lab: KubeletLab, pod: str, reason: str) -> str:
    """All that events of this reason say about the pod."""
    events = (await lab.api.list(EVENTS))["items"]
    about = [e for e in events if e["involvedObject"]["name"] == pod and e["reason"] == reason]
    return "\n".join(event["message"] for event in about)


async def test_a_probe_that_hangs_is_ended_and_harms_no_other(lab: KubeletLab) -> None:
    seconds = f"8642{os.getpid()}"
    probe = run(f"exec sleep {seconds}") | {"timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 1}
    silent = container("exec nc -l -p 80 -e sleep 1000", "silent")
    ready = {"httpGet": {"port": 80}, "timeoutSeconds": 1, "periodSeconds": 1}
    await lab.create("hangs", container(livenessProbe=probe), silent | {"readinessProbe": ready})
    await lab.create("fine", container(readinessProbe=run("true") | {"periodSeconds": 1}))
    await lab.wait_running("fine")
    pod = await lab.wait("hangs", lambda p: any(
        c["restartCount"] for c in p["status"].get("containerStatuses", ())
    ))  # fmt: skip
    by_name = {status["name"]: status for status in pod["status"]["containerStatuses"]}
    assert (by_name["main"]["restartCount"], by_name["silent"]["ready"]) == (1, False)
    (liveness,) = [
        line for line in (await told(lab, "hangs", "Unhealthy")).splitlines() if "Liveness" in line
    ]
    assert "timed out" in liveness
    await lab.delete("hangs", 1)
    assert processes(seconds) == []


async def test_hooks_run_at_both_ends_of_a_container(lab: KubeletLab) -> None:
    hooks = {"postStart": run("echo began >>/d/log"), "preStop": run("echo stopping >>/d/log; sleep 0.5")}
    script = "trap 'echo term >>/d/log; exit 0' TERM; while :; do sleep 0.05; done"
    folder = lab.base / f"hooks{time.monotonic_ns()}"
    folder.mkdir()
    volumes = [{"name": "d", "hostPath": {"path": str(folder)}}]
    mounts = [{"name": "d", "mountPath": "/d"}]
    web = container(script, lifecycle=hooks, volumeMounts=mounts)
    await lab.create("web", web, volumes=volumes, terminationGracePeriodSeconds=10)
    await lab.wait_running("web")
    assert (folder / "log").read_text() == "began\n"
    await lab.delete("web", 10)
    assert (folder / "log").read_text() == "began\nstopping\nterm\n"


async def test_a_hook_that_hangs_has_no_more_than_the_grace_period(lab: KubeletLab) -> None:
    hooks = {"preStop": run("sleep 1000")}
    await lab.create("web", container(lifecycle=hooks), terminationGracePeriodSeconds=3)
    await lab.wait_running("web")
    began = time.monotonic()
    await lab.delete("web")
    assert 2 < time.monotonic() - began < 15
    assert "PreStopHook failed" in await told(lab, "web", "FailedPreStopHook")


async def test_a_hook_that_fails_ends_its_container(lab: KubeletLab) -> None:
    await lab.create("web", container(lifecycle={"postStart": run("exit 7")}))
    await lab.wait("web", lambda p: any(
        "PostStartHookError" in str(c["state"]) or c["restartCount"]
        for c in p["status"].get("containerStatuses", ())
    ))  # fmt: skip
    assert "PostStartHook failed" in await told(lab, "web", "FailedPostStartHook")


def own_namespaces() -> dict[str, str]:
    return {kind: str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("pid", "ipc")}


async def test_namespaces_are_shared_as_asked(lab: KubeletLab) -> None:
    look = "readlink /proc/self/ns/pid; readlink /proc/self/ns/ipc; exec sleep 1000000"
    own = own_namespaces()
    await lab.create("own", container(look), container(look, "other"))
    await lab.create("nodes", container(look), hostPID=True, hostIPC=True)
    await lab.create("both", container(look), container(look, "other"), shareProcessNamespace=True)
    seen = {}
    for pod, names in (("own", ("main", "other")), ("nodes", ("main",)), ("both", ("main", "other"))):
        await lab.wait_running(pod)
        seen[pod] = [(await lab.log(pod, name)).splitlines() for name in names]
    assert seen["nodes"] == [[own["pid"], own["ipc"]]]
    (first, first_ipc), (second, second_ipc) = seen["own"]
    assert first != second != own["pid"]
    assert first_ipc == second_ipc != own["ipc"], "containers of a pod share this one"
    assert seen["both"][0] == seen["both"][1]
