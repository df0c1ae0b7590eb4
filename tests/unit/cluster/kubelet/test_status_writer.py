"""Patches of statuses, and the order in which they are written."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from proa.cluster.kubelet.status_writer import StatusWriter, is_same, status_patch
from proa.errors import NotFound, ServiceUnavailable
from proa.kube import Client
from support.kubelet_objects import pod


class Api:
    """Takes patches of statuses; each waits until the test lets it through."""

    def __init__(self, *faults: Exception) -> None:
        self.patches: list[Mapping[str, Any]] = []
        self.gate = asyncio.Event()
        self._faults = list(faults)

    async def patch(
        self, _resource: object, _name: str, patch: Mapping[str, Any], *_: str, **__: object
    ) -> None:
        self.patches.append(patch)
        await self.gate.wait()
        if self._faults:
            raise self._faults.pop(0)


def test_a_patch_holds_what_changed_and_clears_what_went() -> None:
    before = {"phase": "Pending", "reason": "x", "hostIP": "h", "conditions": []}
    assert status_patch(before, {"phase": "Running", "hostIP": "h"}) == {"phase": "Running", "reason": None}


def test_a_patch_leaves_the_conditions_of_others() -> None:
    mine, other = {"type": "Ready", "status": "True"}, {"type": "lb", "status": "True"}
    assert status_patch({}, {"conditions": [other, mine]})["conditions"] == [mine]


def test_a_condition_of_ours_that_ended_is_deleted() -> None:
    pending = {"type": "PodResizePending", "status": "True"}
    patch = status_patch({"conditions": [pending]}, {"conditions": []})
    assert patch["conditions"] == [{"$patch": "delete", "type": "PodResizePending"}]


def test_addresses_are_replaced_as_a_whole() -> None:
    patch = status_patch({"podIPs": [{"ip": "a"}]}, {"podIPs": [{"ip": "b"}]})
    assert patch["podIPs"] == [{"$patch": "replace"}, {"ip": "b"}]


def test_the_order_of_conditions_and_those_of_others_do_not_matter() -> None:
    ready, scheduled = {"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}
    other = {"type": "lb", "status": "False"}
    assert is_same({"conditions": [ready, scheduled, other]}, {"conditions": [scheduled, ready]})
    assert not is_same({"conditions": [ready]}, {"conditions": [ready | {"status": "False"}]})


async def test_what_comes_meanwhile_replaces_what_waits() -> None:
    api = Api()
    writer = StatusWriter(cast("Client", api), lambda pod: pod)
    writer.put(pod(), {"phase": "Pending"})
    await asyncio.sleep(0)
    writer.put(pod(), {"phase": "Running"})
    writer.put(pod(), {"phase": "Succeeded"})
    api.gate.set()
    await writer.flush("u1")
    assert [p["status"]["phase"] for p in api.patches] == ["Pending", "Succeeded"]
    assert api.patches[0]["metadata"] == {"uid": "u1"}


async def test_an_unchanged_status_is_not_written() -> None:
    api = Api()
    api.gate.set()
    writer = StatusWriter(cast("Client", api), lambda pod: pod)
    known = pod()
    known["status"] = {"phase": "Running"}
    writer.put(known, {"phase": "Running"})
    await writer.flush("u1")
    assert api.patches == []


async def test_a_status_that_is_not_urgent_waits_for_a_better_one() -> None:
    api = Api()
    api.gate.set()
    writer = StatusWriter(cast("Client", api), lambda pod: pod)
    writer.put(pod(), {"phase": "Pending"}, urgent=False)
    await asyncio.sleep(0)
    writer.put(pod(), {"phase": "Running"})
    await writer.flush("u1")
    assert [p["status"]["phase"] for p in api.patches] == ["Running"]


async def test_a_pod_that_is_gone_is_not_tried_again() -> None:
    api = Api(NotFound("gone"))
    api.gate.set()
    writer = StatusWriter(cast("Client", api), lambda pod: pod)
    writer.put(pod(), {"phase": "Running"})
    await writer.flush("u1")
    assert len(api.patches) == 1


async def test_a_server_that_is_away_is_asked_again(monkeypatch: Any) -> None:
    for name in ("_FIRST_DELAY", "_PATIENCE"):
        monkeypatch.setattr(f"proa.cluster.kubelet.status_writer.{name}", 0.0)
    api = Api(ServiceUnavailable("starting"))
    api.gate.set()
    writer = StatusWriter(cast("Client", api), lambda pod: pod)
    writer.put(pod(), {"phase": "Running"})
    await writer.flush("u1")
    assert len(api.patches) == 2
