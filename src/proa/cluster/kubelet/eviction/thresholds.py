"""Thresholds of eviction as people write them (source: pkg/kubelet/eviction/helpers.go). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from proa.kube import parse_quantity

MEMORY, DISK, PROCESSES = "MemoryPressure", "DiskPressure", "PIDPressure"
SIGNALS = {
    "memory.available": (MEMORY, "memory"),
    "allocatableMemory.available": (MEMORY, "memory"),
    "nodefs.available": (DISK, "ephemeral-storage"),
    "nodefs.inodesFree": (DISK, "inodes"),
    "imagefs.available": (DISK, "ephemeral-storage"),
    "imagefs.inodesFree": (DISK, "inodes"),
    "pid.available": (PROCESSES, "pids"),
}
"""Condition of the node, and the resource as the message to a person names it."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So many, or a part (0 to 1) of the whole."""

    number: int = 0
    part: float = 0.0

    def of(self, whole: int) -> int:
        """The amount where there is `whole` in all."""
        return self.number or int(self.part * whole)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Below `amount` there is pressure, until `reclaim` more than that is free again."""

    signal: str
    amount: Amount
    grace: float | None = None
    """Seconds for which it must last before pods are evicted; None for a hard threshold."""
    reclaim: Amount = Amount()

    @property
    def condition(self) -> str:
        return SIGNALS[self.signal][0]

    @property
    def resource(self) -> str:
        return SIGNALS[self.signal][1]

    @property
    def is_hard(self) -> bool:
        return self.grace is None


def _default_hard() -> dict[str, Amount]:
    return parse_thresholds(
        "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,"
        "imagefs.available<15%,imagefs.inodesFree<5%,pid.available<1000"
    )


@dataclass(frozen=True, kw_only=True)
class EvictionConfig:
    """All about eviction that can be set; times are seconds."""

    hard: Mapping[str, Amount] = field(default_factory=_default_hard)
    soft: Mapping[str, Amount] = field(default_factory=dict)
    soft_grace_period: Mapping[str, float] = field(default_factory=dict)
    max_pod_grace_period: int = 0
    """Longest time that a pod gets to end for a soft threshold; negative for its own."""
    pressure_transition_period: float = 300.0
    minimum_reclaim: Mapping[str, Amount] = field(default_factory=dict)

    def check(self) -> None:
        """Raises ValueError when the parts do not agree."""
        for signal in self.soft:
            if signal not in self.soft_grace_period:
                raise ValueError(
                    f"grace period must be specified for the soft eviction threshold {signal}:"
                    f" give eviction-soft-grace-period={signal}=1m30s"
                )

    def thresholds(self) -> tuple[Threshold, ...]:
        """Hard ones first, in each kind those of memory first."""
        found = [*self._of(self.hard, None), *self._of(self.soft, self.soft_grace_period)]
        return tuple(sorted(found, key=lambda t: (not t.is_hard, t.condition != MEMORY)))

    def _of(self, amounts: Mapping[str, Amount], graces: Mapping[str, float] | None) -> Iterator[Threshold]:
        for signal, amount in amounts.items():
            grace = None if graces is None else graces[signal]
            yield Threshold(signal, amount, grace, self.minimum_reclaim.get(signal, Amount()))


def parse_thresholds(text: str) -> dict[str, Amount]:
    """`memory.available<1Gi,nodefs.available<10%`; 0% and 100% switch one off. Raises ValueError."""
    found = {}
    for signal, value in _pairs(text, "<"):
        if value in ("0%", "100%"):
            continue
        amount = _amount(value)
        if amount.part < 0 or amount.part > 1:
            bound = "must be >= 0%" if amount.part < 0 else "must be <= 100%"
            raise ValueError(f"eviction percentage threshold {signal} {bound}: {value}")
        if not value.endswith("%") and amount.number <= 0:
            raise ValueError(f"eviction threshold {signal} must be positive: {value}")
        found[signal] = amount
    return found


def parse_grace_periods(text: str, duration: Callable[[str], float]) -> dict[str, float]:
    """`memory.available=1m30s`. Raises ValueError."""
    return {signal: duration(value) for signal, value in _pairs(text, "=")}


def parse_reclaims(text: str) -> dict[str, Amount]:
    """`nodefs.available=500Mi,imagefs.available=2Gi`. Raises ValueError."""
    found = {}
    for signal, value in _pairs(text, "="):
        amount = _amount(value)
        if value.endswith("%") and amount.part <= 0:
            raise ValueError(f"eviction percentage minimum reclaim {signal} must be positive: {value}")
        if amount.number < 0:
            raise ValueError(f"negative eviction minimum reclaim specified for {signal}")
        found[signal] = amount
    return found


def _amount(value: str) -> Amount:
    if not value.endswith("%"):
        return Amount(number=int(parse_quantity(value)))
    try:
        return Amount(part=float(value[:-1]) / 100)
    except ValueError:
        raise ValueError(f'invalid percentage "{value}"') from None


def _pairs(text: str, separator: str) -> Iterator[tuple[str, str]]:
    for item in filter(None, text.split(",")):
        signal, found, value = (part.strip() for part in item.partition(separator))
        if not found:
            raise ValueError(f'malformed pair "{item}", expect SIGNAL{separator}VALUE')
        if signal not in SIGNALS:
            raise ValueError(f"unsupported eviction signal {signal}; there are: {', '.join(SIGNALS)}")
        yield signal, value
