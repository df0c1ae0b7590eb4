"""How long until the rules of N Services are in the kernel, how long does one change take, how much memory?

Each run is a process of its own in a network namespace of its own. "Load" is from objects that informers
hold to rules in the kernel; "restart" replaces the same rules that a dead agent left; a change is an
endpoint that goes or comes. Prints medians over the runs, and JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from proa.kernel import netns
from proa.kube import Object
from proa.services import cleanup
from proa.services.model import Node
from proa.services.rules import ServiceRules
from proa.services.table import ServiceTable
from proa.services.translate import frontends
from support.service_objects import endpoint, kept_slice, service

_NODE = Node("node", ("192.0.2.1",))
_CHANGES = 50


def objects(services: int, endpoints: int) -> list[tuple[Object, list[Object]]]:
    made = []
    for number in range(services):
        name, high, low = f"s{number}", number >> 8, number & 255
        pods = [endpoint(f"10.{64 + at}.{high}.{low}", "peer") for at in range(endpoints)]
        made.append((service(name, ip=f"10.43.{high}.{low}"), [kept_slice(pods, service_name=name)]))
    return made


def table() -> ServiceTable:
    return ServiceTable(("10.42.0.0/16",), ("10.43.0.0/16",))


def run(services: int, endpoints: int) -> dict[str, float]:
    given = objects(services, endpoints)
    gc.freeze()  # as the proxy does
    with netns.throwaway(), ServiceRules() as rules:
        load, state = timed_load(rules, given)
        memory = resident()
        changes = timed_changes(rules, state, given)
        again, _ = timed_load(rules, given)
        cleanup()
    return {
        "load_s": load,
        "restart_s": again,
        "change_ms": statistics.median(changes) * 1e3,
        "worst_change_ms": max(changes) * 1e3,
        "memory_mb": memory,
    }


def resident() -> float:
    """MB of this process, the objects that informers would hold included."""
    return float(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def timed_load(rules: ServiceRules, given: list[tuple[Object, list[Object]]]) -> tuple[float, ServiceTable]:
    begun = time.perf_counter()
    state = table()
    wanted = {f"d/{made['metadata']['name']}": frontends(made, parts, _NODE) for made, parts in given}
    state.update(wanted)
    rules.declare(state)
    return time.perf_counter() - begun, state


def timed_changes(
    rules: ServiceRules, state: ServiceTable, given: list[tuple[Object, list[Object]]]
) -> list[float]:
    times = []
    for number in range(_CHANGES):
        made, (part,) = given[number * 7919 % len(given)]
        fewer = part | {"endpoints": part["endpoints"][1:]}
        for now in (fewer, part):
            begun = time.perf_counter()
            changes = state.update({f"d/{made['metadata']['name']}": frontends(made, [now], _NODE)})
            rules.run(state.transaction(changes))
            times.append(time.perf_counter() - begun)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, nargs="+", default=[1000, 5000, 10000])
    parser.add_argument("--endpoints", type=int, nargs="+", default=[2])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(run(chosen.services[0], chosen.endpoints[0])))
        return
    rows = []
    for count in chosen.services:
        for endpoints in chosen.endpoints:
            command = [sys.executable, __file__, "--one"]
            command += ["--services", str(count), "--endpoints", str(endpoints)]
            runs = [
                json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
                for _ in range(chosen.runs)
            ]
            row = {name: statistics.median(each[name] for each in runs) for name in runs[0]}
            rows.append({"services": count, "endpoints": endpoints} | row)
            print(
                f"{count:6} Services x {endpoints:2}:"
                f" load {row['load_s']:5.2f} s, again {row['restart_s']:5.2f} s,"
                f" change {row['change_ms']:5.2f} ms (worst {row['worst_change_ms']:5.2f}),"
                f" memory {row['memory_mb']:.0f} MB"
            )
    print(json.dumps({"kernel": platform.release(), "python": platform.python_version(), "rows": rows}))


if __name__ == "__main__":
    main()
