"""Who gets what he asks for, who waits and in which order, and what is told of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.kubelet.resize import AllocationStore, Resizer, resources_of, with_resources
from proa.cluster.kubelet.resize.conditions import Mark, with_mark
from proa.cluster.kubelet.resize.given import differing, is_same, restarts
from proa.kube import Object

ROOM = {"cpu": 1000, "memory": 1 << 30, "pods": 110}


def pod(name: str, cpu: str, *, generation: int = 1, **spec: Any) -> Object:
    resources = {"requests": {"cpu": cpu}}
    return {
        "metadata": {"name": name, "namespace": "default", "uid": name, "generation": generation},
        "spec": {"containers": [{"name": "c", "resources": resources}]} | spec,
    }


class Node:
    """The pods of a node, what was told, and who was woken."""

    def __init__(self, folder: Path, *pods: Object) -> None:
        self.pods = {p["metadata"]["uid"]: p for p in pods}
        self.told: list[str] = []
        self.woken: list[str] = []
        self.sizes = Resizer(AllocationStore(folder / "state"), self, ROOM, self.note)
        for each in pods:
            self.sizes.admit(each, {})

    def alive(self) -> list[Object]:
        return list(self.pods.values())

    def wake(self, uid: str) -> None:
        self.woken.append(uid)

    async def note(self, about: Object, kind: str, reason: str, message: str) -> None:
        assert kind == ("Normal" if reason == "ResizeStarted" else "Warning")
        self.told.append(f"{about['metadata']['name']} {reason}: {message}")

    def ask(self, wanted: Object) -> None:
        self.pods[wanted["metadata"]["uid"]] = wanted
        self.sizes.consider(wanted)

    def cpu(self, name: str) -> str:
        given = self.sizes.given(self.pods[name])
        return str(given["spec"]["containers"][0]["resources"]["requests"]["cpu"])


async def test_a_pod_gets_what_there_is_room_for(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("a", "100m"))
    node.ask(pod("a", "900m", generation=2))
    await asyncio.sleep(0)
    assert node.cpu("a") == "900m"
    about = '{"containers":[{"name":"c","resources":{"requests":{"cpu":"900m"}}}],"generation":2}'
    assert node.told == [f"a ResizeStarted: Pod resize started: {about}"]
    saved = json.loads((tmp_path / "state").read_text())
    assert saved == {"a": {"c": {"requests": {"cpu": "900m"}}}}


async def test_what_never_fits_is_infeasible_and_does_not_wait(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("a", "100m"), pod("b", "100m"))
    node.ask(pod("a", "2", generation=2))
    node.ask(pod("a", "2", generation=2))
    await asyncio.sleep(0)
    assert node.cpu("a") == "100m"
    size = node.sizes.admit(node.pods["a"], {})
    why = "Node didn't have enough capacity: cpu, requested: 2000, capacity: 1000"
    assert size.pending == Mark(2, "Infeasible", why)
    assert [line.partition(":")[0] for line in node.told] == ["a ResizeInfeasible"]


async def test_those_that_wait_are_served_by_priority_as_soon_as_there_is_room(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("big", "600m"), pod("low", "100m"), pod("high", "100m"))
    node.ask(pod("low", "500m", generation=2))
    node.ask(pod("high", "500m", generation=2, priority=7))
    assert (node.cpu("low"), node.cpu("high")) == ("100m", "100m")
    del node.pods["big"]
    node.sizes.forget("big")
    assert (node.cpu("low"), node.cpu("high")) == ("500m", "500m")
    assert node.woken == ["high", "low"]


async def test_a_pod_that_shrinks_makes_room(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("a", "800m"), pod("b", "100m"))
    node.ask(pod("b", "500m"))
    assert node.sizes.admit(node.pods["b"], {}).pending is not None
    node.ask(pod("a", "300m"))
    assert (node.cpu("a"), node.cpu("b"), node.woken) == ("300m", "500m", ["b"])


async def test_a_wish_that_is_taken_back_is_no_longer_pending(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("a", "100m"))
    node.ask(pod("a", "2"))
    node.ask(pod("a", "0.1"))
    assert node.sizes.admit(node.pods["a"], {}).pending is None


async def test_a_later_kubelet_knows_what_was_given_and_what_is_pending(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("a", "100m"))
    node.ask(pod("a", "200m"))
    asking = pod("a", "2")
    asking["status"] = {"conditions": [
        {"type": "PodResizePending", "status": "True", "reason": "Deferred", "observedGeneration": 3}
    ]}  # fmt: skip
    later = Node(tmp_path, asking)
    assert later.cpu("a") == "200m"
    assert later.sizes.admit(asking, {}).pending == Mark(3, "Deferred")


def test_a_file_that_is_damaged_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("{")
    assert AllocationStore(tmp_path / "state").get("a") is None
    assert "is not readable" in caplog.text


async def test_a_disk_that_takes_nothing_defers(tmp_path: Path) -> None:
    node = Node(tmp_path, pod("a", "100m"))
    (tmp_path / "state").mkdir()
    node.ask(pod("a", "200m"))
    pending = node.sizes.admit(node.pods["a"], {}).pending
    assert node.cpu("a") == "100m"
    assert pending is not None
    assert pending.message.startswith("Node cannot save what it gives: ")


def test_what_runs_already_counts_as_it_was_started(tmp_path: Path) -> None:
    node = Node(tmp_path)
    asked = pod("a", "900m")
    node.sizes.admit(asked, {"c": {"requests": {"cpu": "100m"}}})
    node.pods["a"] = asked
    assert node.cpu("a") == "100m"


def test_equal_amounts_are_equal_however_they_are_written() -> None:
    one, other = {"c": {"requests": {"cpu": "0.5", "memory": "1Gi"}}}, {"c": {"requests": {"cpu": "500m"}}}
    assert differing(one["c"], other["c"]) == {"memory"}
    other["c"]["requests"]["memory"] = "1024Mi"
    assert is_same(one, other)
    assert not is_same(one, {})


def test_only_the_resource_that_its_policy_names_restarts_a_container() -> None:
    wants = {"resizePolicy": [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]}
    assert restarts(wants, {"memory", "cpu"})
    assert not restarts(wants, {"cpu"})
    assert not restarts({}, {"memory"})


def test_the_pod_as_given_keeps_all_else() -> None:
    asked = pod("a", "2", resources={"limits": {"cpu": "3"}}, initContainers=[{"name": "i"}])
    given = {"c": {}, "i": {"limits": {"cpu": "1"}}, "": {"limits": {"cpu": "1"}}}
    changed = with_resources(asked, given)
    assert resources_of(changed) == given
    assert changed["metadata"] == asked["metadata"]
    assert with_resources(asked, resources_of(asked)) is asked


def test_a_condition_goes_with_its_mark() -> None:
    shown = with_mark([], "PodResizePending", Mark(4, "Deferred", "why"))
    assert (shown[0]["status"], shown[0]["observedGeneration"]) == ("True", 4)
    assert with_mark(shown, "PodResizePending", None) == []
