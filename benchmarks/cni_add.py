"""How long does a CNI ADD and DEL take, beside the reference `bridge` plugin with host-local?

Both plugins are called as a runtime calls them, alternating, each for a network namespace of its own.
proa's daemon commits each address to the disk; host-local writes files without a sync.

    python benchmarks/cni_add.py [--rounds 40] [--dual-stack] [--json FILE]

With --dual-stack both give an address of each IP family.

Needs root and /usr/lib/cni (Debian: containernetworking-plugins).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.measure import facts, summary, table
from support.network_lab import Lab, Node, lab

BRIDGE = Path("/usr/lib/cni/bridge")


class Reference:
    """The bridge plugin with host-local, on a range of its own."""

    def __init__(self, node: Node, base: Path) -> None:
        self._node = node
        ranges = ("10.99.0.0/16", "fd00:99::/64")[: len(node.addresses)]
        self._config = {
            "cniVersion": "1.0.0",
            "name": "reference",
            "type": "bridge",
            "bridge": "cnibench0",
            "isGateway": True,
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                "dataDir": str(base / "host-local"),
                "ranges": [[{"subnet": subnet}] for subnet in ranges],
                "routes": [{"dst": default} for default in ("0.0.0.0/0", "::/0")[: len(ranges)]],
            },
        }

    def call(self, command: str, container: str, path: Path) -> float:
        return timed(self._node, BRIDGE, self._config, command, container, path)


class Proa:
    """Our plugin; its daemon runs in the node's namespace."""

    def __init__(self, node: Node) -> None:
        self._node = node
        socket = str(node.base / "cni.sock")
        self._config = {"cniVersion": "1.0.0", "name": "proa", "type": "proa", "socket": socket}

    def call(self, command: str, container: str, path: Path) -> float:
        return timed(self._node, self._node.base / "bin" / "proa", self._config, command, container, path)


def timed(
    node: Node, plugin: Path, config: dict[str, Any], command: str, container: str, path: Path
) -> float:
    """Milliseconds of one call, in the node's namespace."""
    environment = {
        "CNI_COMMAND": command,
        "CNI_CONTAINERID": container,
        "CNI_NETNS": str(path),
        "CNI_IFNAME": "eth0",
        "CNI_PATH": "/usr/lib/cni",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    command_line = ["nsenter", f"--net={node.path}", str(plugin)]
    started = time.perf_counter()
    done = subprocess.run(
        command_line, input=json.dumps(config).encode(), capture_output=True, env=environment, check=False
    )
    elapsed = (time.perf_counter() - started) * 1000
    if done.returncode:
        sys.exit(f"{plugin.name} {command}: {done.stdout.decode()}{done.stderr.decode()}")
    return elapsed


def measure(made: Lab, rounds: int) -> dict[str, list[float]]:
    node = made.nodes[0]
    plugins: dict[str, Reference | Proa] = {
        "bridge + host-local": Reference(node, made.base),
        "proa": Proa(node),
    }
    found: dict[str, list[float]] = {f"{name} {it}": [] for it in ("ADD", "DEL") for name in plugins}
    for number in range(rounds + 1):  # the first round warms up and does not count
        for name, plugin in plugins.items():
            path = made.namespace(f"bench-{number}-{name.split()[0]}")
            for command in ("ADD", "DEL"):
                elapsed = plugin.call(command, f"bench-{number}", path)
                if number:
                    found[f"{name} {command}"].append(elapsed)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--dual-stack", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not BRIDGE.exists():
        sys.exit(f"{BRIDGE} is not installed: apt-get install containernetworking-plugins")
    with (
        tempfile.TemporaryDirectory() as base,
        lab(Path(base) / "lab", nodes=1, ipv6=options.dual_stack) as made,
    ):
        found = measure(made, options.rounds)
    rows = {name: summary(values) for name, values in found.items()}
    for command in ("ADD", "DEL"):
        ours, theirs = rows[f"proa {command}"], rows[f"bridge + host-local {command}"]
        ours["ratio"] = round(ours["median"] / theirs["median"], 2)
    table("CNI call, milliseconds", rows)
    if options.json:
        options.json.write_text(json.dumps({"facts": facts(), "unit": "ms", "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
