"""--kube-controller-manager-arg."""

from __future__ import annotations

import re

import pytest

from proa.cluster.controllers.arguments import check_arguments, with_arguments
from proa.cluster.controllers.config import ControllersConfig
from proa.errors import UserError


def test_what_is_said_replaces_what_was_there() -> None:
    config = with_arguments(
        ControllersConfig(cluster_cidrs=("10.1.0.0/16",)),
        [
            "node-monitor-grace-period=1m30s",
            "node-eviction-rate=0.5",
            "--large-cluster-size-threshold=3",
            "terminated-pod-gc-threshold=7",
            "terminated-pod-gc-threshold=8",
        ],
    )
    assert config.cluster_cidrs == ("10.1.0.0/16",)
    assert (config.node_monitor_grace_period, config.terminated_pod_gc_threshold) == (90.0, 8)
    rates = config.eviction_rates
    assert (rates.usual, rates.secondary, rates.large_cluster_size_threshold) == (0.5, 0.01, 3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("pod-eviction-timeout=5m", "the controller manager has no such argument; it has: horizontal-"),
        ("node-monitor-grace-period=0", "give a time above 0"),
        ("node-monitor-grace-period=soon", 'invalid duration "soon"'),
        ("node-eviction-rate=-1", "not below 0"),
        ("large-cluster-size-threshold=many", 'invalid number "many"'),
        ("node-eviction-rate", "give node-eviction-rate=VALUE"),
    ],
)
def test_what_there_is_not_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UserError, match=re.escape(problem)) as refusal:
        check_arguments([text])
    assert str(refusal.value).startswith("--kube-controller-manager-arg ")
