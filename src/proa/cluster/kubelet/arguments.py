"""Arguments of the kubelet, `NAME=VALUE`, by the names and defaults of upstream's (`kubelet --help`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proa.cluster.arguments import read_arguments
from proa.cluster.kubelet.eviction.thresholds import (
    EvictionConfig,
    parse_grace_periods,
    parse_reclaims,
    parse_thresholds,
)
from proa.cluster.kubelet.logs.files import LogLimits
from proa.errors import UserError
from proa.kube import to_integer
from proa.kube.durations import parse_duration


@dataclass(frozen=True, kw_only=True)
class KubeletArguments:
    """What `--kubelet-arg` can set; times are seconds."""

    eviction: EvictionConfig = field(default_factory=EvictionConfig)
    image_gc_high_threshold: int = 85
    image_gc_low_threshold: int = 80
    minimum_image_ttl_duration: float = 120.0
    pod_max_pids: int = 4096
    """Processes and threads of a pod; -1 for as many as the machine has room for."""
    logs: LogLimits = field(default_factory=LogLimits)
    allowed_unsafe_sysctls: tuple[str, ...] = ()
    """Names, or beginnings of names that end with `*`."""


def parse_arguments(texts: Sequence[str]) -> KubeletArguments:
    """The arguments of these texts; a later one of a name replaces an earlier. Raises UserError."""
    return _checked(read_arguments("--kubelet-arg", "kubelet", texts, _PARSERS))


def _checked(found: Mapping[str, Any]) -> KubeletArguments:
    eviction, logs = _group(found, "eviction-"), _group(found, "container-log-max-")
    others = {n: v for n, v in found.items() if not n.startswith(("eviction-", "container-log-max-"))}
    arguments = KubeletArguments(logs=LogLimits(**logs), **_group(others, ""))
    low, high = arguments.image_gc_low_threshold, arguments.image_gc_high_threshold
    if low >= high:
        raise UserError(
            f"--kubelet-arg image-gc-low-threshold: {low} must be less than image-gc-high-threshold, {high}"
        )
    try:
        config = EvictionConfig(**eviction)
        config.check()
    except ValueError as error:
        raise UserError(f"--kubelet-arg eviction-soft: {error}") from None
    return replace(arguments, eviction=config)


def _group(found: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Those whose names begin so, by the rest of the name as Python writes it."""
    return {n.removeprefix(prefix).replace("-", "_"): v for n, v in found.items() if n.startswith(prefix)}


def _percent(text: str) -> int:
    number = _whole(text)
    if not 0 <= number <= 100:
        raise ValueError(f"{number} must be between 0 and 100, inclusive")
    return number


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError(f'invalid number "{text}"')
    return int(text)


def _processes(text: str) -> int:
    number = _whole(text)
    if number < -1 or number == 0:
        raise ValueError(f"{number} must be positive, or -1 for no limit of its own")
    return number


def _log_files(text: str) -> int:
    number = _whole(text)
    if number <= 1:
        raise ValueError(f"{number} must be greater than 1")
    return number


def _sysctls(text: str) -> tuple[str, ...]:
    names = tuple(name.replace("/", ".") for name in text.split(",") if name)
    for name in names:
        if not re.fullmatch(r"(kernel\.(shm|msg|sem)|fs\.mqueue\.|net\.)[a-z0-9_.-]*\*?", name):
            own = "kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*, net.*"
            raise ValueError(f'"{name}" is none of those that a pod has for itself: {own}')
    return names


_PARSERS: dict[str, Callable[[str], Any]] = {
    "eviction-hard": parse_thresholds,
    "eviction-soft": parse_thresholds,
    "eviction-soft-grace-period": lambda text: parse_grace_periods(text, parse_duration),
    "eviction-max-pod-grace-period": _whole,
    "eviction-pressure-transition-period": parse_duration,
    "eviction-minimum-reclaim": parse_reclaims,
    "image-gc-high-threshold": _percent,
    "image-gc-low-threshold": _percent,
    "minimum-image-ttl-duration": parse_duration,
    "pod-max-pids": _processes,
    "container-log-max-size": to_integer,
    "container-log-max-files": _log_files,
    "allowed-unsafe-sysctls": _sysctls,
}
