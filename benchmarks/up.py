#!/usr/bin/env python3
"""How long does `proa up` take until the node is Ready, and how much memory do its parts hold?

Each round is a `proa down`, then a `proa up` whose end is the node's Ready condition as a client
sees it. With --purge every round starts from an empty state (certificates, database, images).
Resident memory is read from /proc ten seconds after the last start, when all is idle.

    up.py [--rounds 7] [--purge] [--json FILE]

Needs root, and a machine on which no cluster of proa's runs.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from proa.machine.layout import Layout
from proa.settings import Settings
from proa.supervisor import statuses

_SETTLED = 10.0


def proa(*arguments: str) -> float:
    """Seconds that the command took."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "proa", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def memory() -> dict[str, float]:
    """MB resident by part."""
    settings = Settings()
    parts = statuses(Layout(settings.data_dir, settings.run_dir).supervisor)
    return {part.name: round(part.memory_kib / 1024, 1) for part in parts}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--purge", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    down = ["down", "--purge"] if options.purge else ["down"]
    seconds = []
    for _ in range(options.rounds):
        proa(*down)
        seconds.append(round(proa("up"), 3))
    time.sleep(_SETTLED)
    resident = memory()
    proa(*down)
    median = statistics.median(seconds)
    print(f"proa up to Ready: median {median:.2f} s, {min(seconds):.2f} to {max(seconds):.2f} s")
    for name, size in [*resident.items(), ("together", sum(resident.values()))]:
        print(f"{name:20}{size:8.1f} MB")
    if options.json:
        answer = {
            "kernel": platform.release(),
            "python": platform.python_version(),
            "up_seconds": seconds,
            "up_median": median,
            "resident_mb": resident,
        }
        options.json.write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
