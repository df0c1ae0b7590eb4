"""Scores: which of the fit nodes is best. The weights are those of upstream's default profile.

To add one, write a file with a `rate` function and put a line here.
"""

from __future__ import annotations

from proa.cluster.scheduler.scores import (
    balanced_allocation,
    least_allocated,
    node_preference,
    pod_preference,
    siblings,
    soft_spread,
    soft_taints,
)
from proa.cluster.scheduler.scores.base import HIGHEST, Score

SCORES: tuple[Score, ...] = (
    Score("TaintToleration", 3, soft_taints.rate),
    Score("NodeAffinity", 2, node_preference.rate),
    Score("PodTopologySpread", 2, soft_spread.rate),
    Score("SiblingSpread", 2, siblings.rate),
    Score("InterPodAffinity", 2, pod_preference.rate),
    Score("LeastAllocated", 1, least_allocated.rate),
    Score("BalancedAllocation", 1, balanced_allocation.rate),
)

__all__ = ["HIGHEST", "SCORES", "Score"]
