"""The shape of a filter.

A filter is prepared once per pod and then asked about each node. Preparing returns None when
the pod does not concern it, so that an ordinary pod pays for nothing it does not use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node is refused, in words that count well: `1 Insufficient cpu`."""

    reasons: tuple[str, ...]
    curable: bool = False
    """Whether it can help that pods leave the node."""


NodeCheck = Callable[[NodeInfo], Refusal | None]
Prepare = Callable[[PodInfo, Cluster], NodeCheck | None]


class Change(Enum):
    """What happened in the cluster; a refused pod is tried again when it can matter."""

    NODE = auto()
    POD_PLACED = auto()
    POD_GONE = auto()
    STORAGE = auto()
    NAMESPACE = auto()


@dataclass(frozen=True)
class Filter:
    """A registered filter, and the changes that can turn its refusal into consent."""

    name: str
    prepare: Prepare
    changes: frozenset[Change]
