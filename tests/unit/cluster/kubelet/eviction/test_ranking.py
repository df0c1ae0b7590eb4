"""Who is evicted first, and what is said."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.kubelet.eviction.ranking import excess, has_disk_limit, is_critical, message, rank
from proa.cluster.kubelet.eviction.signals import Shortage
from proa.cluster.kubelet.eviction.thresholds import Amount, Threshold
from proa.cluster.kubelet.pods import pod_name
from proa.cluster.kubelet.stats.cgroup import CgroupUsage, MemoryUsage
from proa.cluster.kubelet.stats.filesystem import DirectoryUsage, Filesystem
from proa.cluster.kubelet.stats.values import ContainerUsage, PodUsage, Reading, VolumeUsage
from proa.kube import Object
from support.kubelet_objects import pod, spec_of

_MI = 1 << 20
_MEMORY = Shortage(Threshold("memory.available", Amount(100 * _MI)), 100 * _MI, 50 * _MI)
_DISK = Shortage(Threshold("nodefs.available", Amount(part=0.1)), 10 << 30, 5 << 30)
_IMAGES = Shortage(Threshold("imagefs.available", Amount(part=0.15)), 10 << 30, 5 << 30)


def _pod(name: str, request: str = "", **spec: Any) -> Object:
    resources = {"requests": {"memory": request}} if request else {}
    return pod(spec_of("main", resources=resources), metadata={"uid": name, "name": name}, **spec)


def _usage(of: Object, memory: int = 0, logs: int = 0, **more: Any) -> PodUsage:
    reading = Reading(0, CgroupUsage(0, MemoryUsage(memory, memory, 0, 0, 0), 1), None)
    container = ContainerUsage("main", "id", 0, reading, logs=DirectoryUsage(logs, 1))
    return PodUsage(pod_name(of), "", reading, [container], **more)


def _order(short: Shortage, *pairs: tuple[Object, int]) -> list[str]:
    usages = {p["metadata"]["uid"]: _usage(p, memory=used, logs=used) for p, used in pairs}
    return [p["metadata"]["name"] for p in rank((p for p, _ in pairs), usages, short)]


def test_those_over_their_requests_go_first() -> None:
    within, over = _pod("within", "200Mi"), _pod("over", "10Mi")
    assert _order(_MEMORY, (within, 150 * _MI), (over, 20 * _MI)) == ["over", "within"]


def test_then_the_lower_priority() -> None:
    high, low = _pod("high", priority=1000), _pod("low")
    assert _order(_MEMORY, (high, 500 * _MI), (low, 20 * _MI)) == ["low", "high"]


def test_then_those_furthest_over() -> None:
    assert _order(_MEMORY, (_pod("a"), _MI), (_pod("b"), 2 * _MI)) == ["b", "a"]
    assert _order(_DISK, (_pod("a"), _MI), (_pod("b"), 2 * _MI)) == ["b", "a"]


def test_images_on_a_disk_of_their_own() -> None:
    """There writable layers count, and elsewhere logs and volumes."""
    layers, logs = _pod("layers"), _pod("logs")
    mine = ContainerUsage("main", "id", 0, _usage(layers).containers[0].reading, rootfs=DirectoryUsage(9, 1))
    usages = {"layers": PodUsage(pod_name(layers), "", None, [mine]), "logs": _usage(logs, logs=5)}
    for short, split, first in ((_IMAGES, True, "layers"), (_DISK, True, "logs"), (_DISK, False, "layers")):
        ranked = rank([logs, layers], usages, short, split=split)
        assert ranked[0]["metadata"]["name"] == first


def test_critical_pods_stay() -> None:
    system = _pod("system", priority=2_000_001_000)
    assert is_critical(system)
    assert _order(_MEMORY, (system, _MI)) == []


def test_the_message() -> None:
    over = _pod("over", "10Mi")
    assert message(over, _usage(over, memory=20 * _MI), _MEMORY) == (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "
        "Container main was using 20480Ki, request is 10Mi, has larger consumption of memory. "
    )


def test_an_empty_dir_over_its_limit() -> None:
    limited = _pod("p", volumes=[{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}])
    disk = Filesystem(1, 1, 1, 1, 1)
    volume = VolumeUsage("d", DirectoryUsage(2 * _MI, 1), disk, ephemeral=True, limit=_MI)
    assert has_disk_limit(limited)
    assert excess(limited, _usage(limited, volumes=[volume])) == (
        'Usage of EmptyDir volume "d" exceeds the limit "1Mi". '
    )
    assert excess(limited, _usage(limited)) == ""


@pytest.mark.parametrize(("logs", "over"), [(_MI, False), (2 * _MI + 1, True)])
def test_a_container_over_its_limit(logs: int, over: bool) -> None:
    limited = pod(spec_of("main", resources={"limits": {"ephemeral-storage": "2Mi"}}))
    said = 'Container main exceeded its local ephemeral storage limit "2Mi". '
    assert excess(limited, _usage(limited, logs=logs)) == (said if over else "")


def test_most_pods_need_no_watching() -> None:
    assert not has_disk_limit(_pod("p", volumes=[{"name": "d", "emptyDir": {}}]))
