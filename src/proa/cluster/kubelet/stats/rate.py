"""Turns cumulative processor time into use per second."""

from __future__ import annotations

from dataclasses import dataclass

_SHORTEST = 1_000_000_000
"""Nanoseconds that must lie between two readings; closer ones say more about chance than about use."""


@dataclass(slots=True)
class _Samples:
    before: tuple[int, int] | None
    latest: tuple[int, int]


class CpuRates:
    """Use in billionths of a core between the last two readings of each cgroup."""

    def __init__(self) -> None:
        self._samples: dict[str, _Samples] = {}

    def observe(self, key: str, cpu: int, at: int) -> int | None:
        """Note a reading (`cpu` nanoseconds used, `at` nanoseconds on a clock).

        Returns the rate, or None as long as there is nothing to compare with.
        """
        samples = self._samples.get(key)
        if samples is None or cpu < samples.latest[0]:
            self._samples[key] = _Samples(None, (cpu, at))
            return None
        if at - samples.latest[1] >= _SHORTEST:
            samples.before, samples.latest = samples.latest, (cpu, at)
        if samples.before is None:
            return None
        used, elapsed = samples.latest[0] - samples.before[0], samples.latest[1] - samples.before[1]
        return used * 1_000_000_000 // elapsed

    def keep(self, keys: set[str]) -> None:
        """Forget all cgroups but these."""
        self._samples = {key: value for key, value in self._samples.items() if key in keys}
