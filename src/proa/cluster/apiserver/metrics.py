"""What the server counts of itself, in the names of kube-apiserver (Prometheus text, /metrics)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2, 3, 5, 10, 20, 45, 60)
_LABELS = ("verb", "group", "version", "resource", "subresource", "scope")
Key = tuple[str, str, str, str, str, str]
"""Values of the labels, in their order."""

Gauges = Callable[[], Mapping[str, float]]
"""Gauges by name with labels, as they are when asked."""


class Metrics:
    """Counters of requests. `gauges` are asked when somebody reads."""

    def __init__(self, *gauges: Gauges) -> None:
        self._gauges = gauges
        self._totals: dict[tuple[Key, int], int] = {}
        self._durations: dict[Key, list[float]] = {}

    def count(self, key: Key, code: int, seconds: float | None) -> None:
        """Note an answer; without a duration for what has no end."""
        counted = (key, code)
        self._totals[counted] = self._totals.get(counted, 0) + 1
        if seconds is None:
            return
        durations = self._durations.get(key)
        if durations is None:
            durations = self._durations[key] = [0.0] * (len(_BOUNDS) + 2)
        durations[bisect_left(_BOUNDS, seconds)] += 1
        durations[-1] += seconds

    def text(self) -> str:
        """The page."""
        return "\n".join([*self._requests(), *self._latencies(), *self._present(), ""])

    def _requests(self) -> Iterator[str]:
        yield "# HELP apiserver_request_total Requests by what they wanted and how they were answered."
        yield "# TYPE apiserver_request_total counter"
        for (key, code), number in self._totals.items():
            yield f'apiserver_request_total{{code="{code}",component="apiserver",{_labels(key)}}} {number}'

    def _latencies(self) -> Iterator[str]:
        name = "apiserver_request_duration_seconds"
        yield f"# HELP {name} Time from a request's head to its answer, in seconds."
        yield f"# TYPE {name} histogram"
        for key, counts in self._durations.items():
            labels, total = f'component="apiserver",{_labels(key)}', 0.0
            for bound, number in zip((*_BOUNDS, "+Inf"), counts, strict=False):
                total += number
                yield f'{name}_bucket{{{labels},le="{bound}"}} {total:.0f}'
            yield f"{name}_sum{{{labels}}} {counts[-1]:.6f}"
            yield f"{name}_count{{{labels}}} {total:.0f}"

    def _present(self) -> Iterator[str]:
        told = set()
        for gauges in self._gauges:
            for name, value in gauges().items():
                plain = name.partition("{")[0]
                if plain not in told:
                    yield f"# TYPE {plain} gauge"
                    told.add(plain)
                yield f"{name} {value:g}"


def _labels(key: Key) -> str:
    return ",".join(f'{label}="{value}"' for label, value in zip(_LABELS, key, strict=True))


def by_resource(name: str, counts: Mapping[str, int]) -> dict[str, float]:
    """Gauges of a count by bucket (`group/plural/`)."""
    parts = {bucket: bucket.rstrip("/").partition("/") for bucket in counts}
    return {
        f'{name}{{group="{parts[bucket][0]}",resource="{parts[bucket][2]}"}}': number
        for bucket, number in counts.items()
    }
