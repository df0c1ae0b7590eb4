"""Arguments of the kubelet, by upstream's names, and what is said about bad ones."""

from __future__ import annotations

import pytest

from proa.cluster.kubelet.arguments import KubeletArguments, parse_arguments
from proa.cluster.kubelet.eviction.thresholds import Amount
from proa.cluster.kubelet.logs.files import LogLimits
from proa.errors import UserError


def test_nothing_given() -> None:
    assert parse_arguments([]) == KubeletArguments()
    assert len(KubeletArguments().eviction.thresholds()) == 6


def test_all_of_them() -> None:
    found = parse_arguments([
        "eviction-hard=memory.available<500Mi,nodefs.available<7.5%,imagefs.available<0%",
        "eviction-soft=memory.available<1Gi",
        "eviction-soft-grace-period=memory.available=1m30s",
        "eviction-max-pod-grace-period=-1",
        "eviction-pressure-transition-period=30s",
        "eviction-minimum-reclaim=memory.available=100Mi,nodefs.available=5%",
        "image-gc-high-threshold=90",
        "image-gc-low-threshold=70",
        "minimum-image-ttl-duration=1h",
        "--pod-max-pids=100",
        "container-log-max-size=1Mi",
        "container-log-max-files=2",
        "allowed-unsafe-sysctls=kernel.msg*,net/core/somaxconn",
    ])  # fmt: skip
    eviction = found.eviction
    assert eviction.hard == {"memory.available": Amount(500 << 20), "nodefs.available": Amount(part=0.075)}
    hard, other, soft = eviction.thresholds()
    assert (hard.signal, hard.is_hard, hard.reclaim) == ("memory.available", True, Amount(100 << 20))
    assert (other.signal, other.reclaim) == ("nodefs.available", Amount(part=0.05))
    assert (soft.signal, soft.grace, soft.amount) == ("memory.available", 90.0, Amount(1 << 30))
    assert (eviction.max_pod_grace_period, eviction.pressure_transition_period) == (-1, 30.0)
    assert (found.image_gc_high_threshold, found.image_gc_low_threshold) == (90, 70)
    assert (found.minimum_image_ttl_duration, found.pod_max_pids) == (3600.0, 100)
    assert found.logs == LogLimits(1 << 20, 2)
    assert found.allowed_unsafe_sysctls == ("kernel.msg*", "net.core.somaxconn")


REFUSALS = {
    "evict=1": "--kubelet-arg evict: the kubelet has no such argument; it has: allowed-unsafe-sysctls, ",
    "pod-max-pids": "--kubelet-arg pod-max-pids: a value is missing: give pod-max-pids=VALUE",
    "pod-max-pids=x": '--kubelet-arg pod-max-pids: invalid number "x"',
    "pod-max-pids=0": "--kubelet-arg pod-max-pids: 0 must be positive, or -1",
    "container-log-max-files=1": "--kubelet-arg container-log-max-files: 1 must be greater than 1",
    "container-log-max-size=big": "--kubelet-arg container-log-max-size: quantity 'big' must match",
    "eviction-hard=memory<1Gi": "arg eviction-hard: unsupported eviction signal memory; there are: ",
    "eviction-hard=memory.available=1Gi": 'malformed pair "memory.available=1Gi", expect SIGNAL<VALUE',
    "eviction-hard=memory.available<0": "eviction threshold memory.available must be positive: 0",
    "eviction-hard=memory.available<-5%": "eviction percentage threshold memory.available must be >= 0%: -5%",
    "eviction-hard=memory.available<120%": "threshold memory.available must be <= 100%: 120%",
    "eviction-hard=memory.available<x%": '--kubelet-arg eviction-hard: invalid percentage "x%"',
    "eviction-hard=memory.available<much": "--kubelet-arg eviction-hard: quantity 'much' must match",
    "eviction-soft=memory.available<1Gi": "grace period must be specified for the soft eviction threshold",
    "eviction-soft-grace-period=memory.available=soon": 'invalid duration "soon": give one such as 90s',
    "eviction-minimum-reclaim=pid.available=-1": "negative eviction minimum reclaim specified for pid",
    "eviction-minimum-reclaim=pid.available=0%": "minimum reclaim pid.available must be positive: 0%",
    "eviction-pressure-transition-period=5": 'invalid duration "5"',
    "image-gc-high-threshold=101": "image-gc-high-threshold: 101 must be between 0 and 100, inclusive",
    "image-gc-low-threshold=85": "85 must be less than image-gc-high-threshold, 85",
    "allowed-unsafe-sysctls=vm.swappiness": '"vm.swappiness" is none of those that a pod has for itself',
}


@pytest.mark.parametrize("argument", REFUSALS)
def test_refusals_name_the_argument(argument: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_arguments([argument])
    assert REFUSALS[argument] in str(refusal.value)
