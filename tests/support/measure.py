"""How benchmarks of the network sum up and print what they measured."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterable, Mapping


def summary(values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 2),
        "best": round(ordered[0], 2),
        "worst": round(ordered[-1], 2),
        "runs": len(ordered),
    }


def table(title: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    print(f"{title}\n{'':34}{'median':>9}{'min':>9}{'max':>9}{'runs':>6}{'ratio':>8}")
    for name, row in rows.items():
        ratio = f"{row['ratio']:>8.2f}" if "ratio" in row else ""
        print(f"{name:34}{row['median']:>9.2f}{row['best']:>9.2f}{row['worst']:>9.2f}{row['runs']:>6}{ratio}")


def facts() -> dict[str, str]:
    """Where this was measured."""
    return {"kernel": platform.release(), "python": platform.python_version(), "machine": platform.machine()}
