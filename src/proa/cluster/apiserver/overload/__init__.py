"""Keeping one client's flood from stalling the others: limits, fair turns, time limits."""

from proa.cluster.apiserver.overload.inflight import Inflight, Limits
from proa.cluster.apiserver.overload.turns import Turns

__all__ = ["Inflight", "Limits", "Turns"]
