"""QoS classes and cgroup values."""

from typing import Any

import pytest

from proa.cluster.kubelet.resources import (
    Limits,
    container_limits,
    oom_score_adjust,
    pod_limits,
    pod_requests,
    qos_class,
    quota,
    shares,
)
from proa.kube import Object
from support.kubelet_objects import pod, spec_of


def sized(name: str = "main", limits: Any = None, requests: Any = None, **more: Any) -> Object:
    return spec_of(name, resources={"limits": limits or {}, "requests": requests or {}}, **more)


BOTH = {"cpu": "500m", "memory": "64Mi"}
CLASSES = {
    "nothing asked": (pod(), "BestEffort"),
    "limits alone": (pod(sized(limits=BOTH)), "Guaranteed"),
    "requests equal to limits": (pod(sized(limits=BOTH, requests={"cpu": "0.5"})), "Guaranteed"),
    "requests below limits": (pod(sized(limits=BOTH, requests={"cpu": "100m"})), "Burstable"),
    "requests alone": (pod(sized(requests=BOTH)), "Burstable"),
    "one container without": (pod(sized(limits=BOTH), "b"), "Burstable"),
    "only cpu": (pod(sized(limits={"cpu": "1"})), "Burstable"),
    "zero is nothing": (pod(sized(requests={"cpu": "0"})), "BestEffort"),
    "an init container counts": (pod(init=(sized("i", requests=BOTH),)), "Burstable"),
}


@pytest.mark.parametrize(("pod_", "expected"), CLASSES.values(), ids=CLASSES.keys())
def test_qos_class(pod_: Object, expected: str) -> None:
    assert qos_class(pod_) == expected


def test_cgroup_values_of_a_container() -> None:
    assert container_limits(spec_of("a")) == Limits(cpu_shares=2)
    assert container_limits(sized(limits=BOTH)) == Limits(512, 50_000, 64 << 20)
    assert container_limits(sized(limits=BOTH, requests={"cpu": "100m"})).cpu_shares == 102


def test_a_pod_is_limited_only_when_each_container_is() -> None:
    assert pod_limits(pod(sized("a", BOTH), sized("b", BOTH))) == Limits(1024, 100_000, 128 << 20)
    assert pod_limits(pod(sized("a", BOTH), "b")) == Limits(cpu_shares=2)


def test_init_containers_count_alone_and_sidecars_with_the_rest() -> None:
    big = sized("i", requests={"cpu": "2"})
    side = sized("s", requests={"cpu": "250m"}, restartPolicy="Always")
    assert pod_requests(pod(sized(requests=BOTH), init=(big,))) == {"cpu": 2000, "memory": 64 << 20}
    assert pod_requests(pod(sized(requests=BOTH), init=(side,)))["cpu"] == 750


def test_shares_and_quota_keep_the_kernels_bounds() -> None:
    assert (shares(0), shares(10**9), quota(1)) == (2, 262_144, 1_000)


def test_who_is_killed_first() -> None:
    gibibyte = 1 << 30
    burstable = sized(requests={"memory": "512Mi"})
    assert oom_score_adjust(pod(), spec_of("main"), gibibyte) == 1000
    assert oom_score_adjust(pod(burstable), burstable, gibibyte) == 500
    assert oom_score_adjust(pod(sized(limits=BOTH)), sized(limits=BOTH), gibibyte) == -997
