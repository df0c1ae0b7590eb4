"""Arguments of the controllers, `NAME=VALUE`, by the names and defaults of kube-controller-manager's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from proa.cluster.arguments import read_arguments
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.zone_disruption import EvictionRates
from proa.kube.durations import parse_duration

_FLAG, _PART = "--kube-controller-manager-arg", "controller manager"


def with_arguments(config: ControllersConfig, texts: Sequence[str]) -> ControllersConfig:
    """The configuration with what these texts say. Raises UserError."""
    found = {_FIELDS.get(n, n.replace("-", "_")): v for n, v in _read(texts).items()}
    rates = {name: found.pop(name) for name in list(found) if name in EvictionRates.__dataclass_fields__}
    return replace(config, eviction_rates=replace(config.eviction_rates, **rates), **found)


def check_arguments(texts: Sequence[str]) -> None:
    """Raises UserError for what the controllers have not, or cannot be."""
    _read(texts)


def _read(texts: Sequence[str]) -> dict[str, Any]:
    return read_arguments(_FLAG, _PART, texts, _PARSERS)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f'invalid number "{text}": give one such as 50')
    return int(text)


def _rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f'invalid number "{text}": give one such as 0.1, not below 0')
    return number


def _period(text: str) -> float:
    seconds = parse_duration(text)
    if not seconds:
        raise ValueError("give a time above 0, such as 40s")
    return seconds


_FIELDS = {"node-eviction-rate": "usual", "secondary-node-eviction-rate": "secondary"}
_PARSERS: dict[str, Callable[[str], Any]] = {
    "node-monitor-grace-period": _period,
    "node-eviction-rate": _rate,
    "secondary-node-eviction-rate": _rate,
    "unhealthy-zone-threshold": _rate,
    "large-cluster-size-threshold": _count,
    "terminated-pod-gc-threshold": _count,
    "horizontal-pod-autoscaler-tolerance": _rate,
    "horizontal-pod-autoscaler-sync-period": _period,
    "horizontal-pod-autoscaler-downscale-stabilization": parse_duration,
}
