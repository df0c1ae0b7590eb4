"""Pods that were bound by hand to a node that they do not want."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.kubelet.admission import node_refusal
from proa.cluster.kubelet.own_node import OwnNode
from proa.cluster.kubelet.static.manifest import SOURCE
from proa.errors import ServiceUnavailable
from proa.kube import NODES, Object, Resource
from support.memory_client import MemoryClient


def node(taints: tuple[Object, ...] = (), **labels: str) -> Object:
    return {"metadata": {"name": "n1", "labels": labels}, "spec": {"taints": list(taints)}}


def wanting(annotations: Object | None = None, **spec: Any) -> Object:
    return {"metadata": {"name": "p", "uid": "u", "annotations": annotations or {}}, "spec": spec}


def affinity(*expressions: Object, fields: tuple[Object, ...] = ()) -> Object:
    term = {"matchExpressions": list(expressions), "matchFields": list(fields)}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {"nodeAffinity": required}


SSD = {"key": "disk", "operator": "In", "values": ["ssd"]}
HERE = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
EVICTS = {"key": "k", "value": "v", "effect": "NoExecute"}
CASES: dict[str, tuple[Object, Object, str]] = {
    "no wish": (wanting(), node(), ""),
    "its selector": (wanting(nodeSelector={"disk": "ssd"}), node(disk="ssd"), ""),
    "another selector": (wanting(nodeSelector={"disk": "ssd"}), node(disk="hdd"), "NodeAffinity"),
    "its affinity": (wanting(affinity=affinity(SSD)), node(disk="ssd"), ""),
    "another affinity": (wanting(affinity=affinity(SSD)), node(), "NodeAffinity"),
    "its name": (wanting(affinity=affinity(fields=(HERE,))), node(), ""),
    "one of two": (
        wanting(affinity=affinity(SSD), nodeSelector={"a": "b"}),
        node(disk="ssd"),
        "NodeAffinity",
    ),
    "a taint that evicts": (wanting(), node((EVICTS,)), "TaintToleration"),
    "a taint that only keeps out": (wanting(), node((EVICTS | {"effect": "NoSchedule"},)), ""),
    "a tolerated taint": (wanting(tolerations=[{"operator": "Exists"}]), node((EVICTS,)), ""),
    "a static pod on a taint": (wanting({SOURCE: "file"}), node((EVICTS,)), ""),
    "its system": (wanting(os={"name": "linux"}), node(), ""),
    "another system": (wanting(os={"name": "windows"}), node(), "PodOSNotSupported"),
}


@pytest.mark.parametrize(("pod", "here", "reason"), CASES.values(), ids=CASES)
def test_what_a_node_refuses(pod: Object, here: Object, reason: str) -> None:
    refusal = node_refusal(pod, here)
    assert (refusal[0] if refusal else "") == reason


def test_the_message_is_upstreams() -> None:
    refusal = node_refusal(wanting(nodeSelector={"a": "b"}), node())
    expected = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    assert refusal == ("NodeAffinity", expected)


class _Api(MemoryClient):
    asked = 0
    down = False

    async def get(self, resource: Resource, name: str, namespace: str = "", **_: Any) -> Object:
        self.asked += 1
        if self.down:
            raise ServiceUnavailable("away")
        return await super().get(resource, name, namespace)


WANTS = wanting(nodeSelector={"disk": "ssd"})


async def _following(api: _Api, now: Object) -> OwnNode:
    api.put(NODES, now)
    own = OwnNode(api.client, "n1")
    await own._informer._replace_all()
    return own


async def test_a_label_that_was_not_heard_of_yet_counts() -> None:
    api = _Api()
    own = await _following(api, node())
    api.put(NODES, node(disk="ssd"))
    assert await own.refusal(WANTS) is None
    assert api.asked == 1


async def test_nobody_is_asked_about_a_pod_that_belongs_here() -> None:
    api = _Api()
    own = await _following(api, node(disk="ssd"))
    assert await own.refusal(WANTS) is None
    assert api.asked == 0


async def test_what_is_known_decides_while_the_api_is_away() -> None:
    api = _Api()
    api.down = True
    own = await _following(api, node())
    assert await own.refusal(WANTS) is not None
    assert await OwnNode(api.client, "n1").refusal(WANTS) is None
