"""`proa down` leaves the machine as it was."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from support.cluster import Cluster, pod

NODES = (os.environ.get("PROA_NODE_NAME") or socket.gethostname().lower(), "node-1", "node-2")

_IPV6 = Path("/proc/sys/net/ipv6/conf")


def state(cluster: Cluster) -> dict[str, list[str]]:
    """What a person would look at, sorted."""
    return {
        "links": _lines("ip", "-brief", "link"),
        "addresses": _lines("ip", "-brief", "address"),
        "routes": _lines("ip", "route", "show", "table", "all"),
        "IPv6 routes": _lines("ip", "-6", "route", "show", "table", "all"),
        "namespaces": _lines("ip", "netns", "list"),
        "tables": _lines("nft", "list", "tables"),
        "mounts": sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        "cgroups": sorted(
            str(path) for node in NODES for path in Path("/sys/fs/cgroup").glob(f"**/proa/{node}")
        ),
        "processes": sorted(filter(lambda line: str(cluster.home) in line, _lines("ps", "-e", "-o", "args"))),
        "forwarding": [f"{path}: {path.read_text()}" for path in _settings()],
    }


BOTH = ("--cluster-cidr", "10.42.0.0/16,fd42::/48", "--service-cidr", "10.43.0.0/16,fd43::/112")


@pytest.mark.parametrize(
    "flags",
    [(), ("--nodes", "2"), ("--nodes", "2", *BOTH)],
    ids=["machine", "namespaces", "namespaces of both families"],
)
def test_down_leaves_nothing_behind(any_cluster: Cluster, flags: tuple[str, ...]) -> None:
    any_cluster.throw_away()
    before = state(any_cluster)
    any_cluster.ensure(*flags)
    any_cluster.apply(pod("runs"), pod("stubborn", "sh", "-c", "trap '' TERM; while :; do sleep 1; done"))
    for name in ("runs", "stubborn"):
        any_cluster.wait(f"pod/{name}", "condition=Ready")
    assert state(any_cluster) != before

    any_cluster.proa("down")
    assert state(any_cluster) == before
    assert (any_cluster.data / "server" / "db" / "state.db").exists()

    any_cluster.throw_away()
    assert not any_cluster.data.exists()
    assert not any_cluster.kubeconfig.exists()


def test_down_twice_is_no_error(any_cluster: Cluster) -> None:
    any_cluster.throw_away()
    assert any_cluster.proa("down").stdout == "proa is not running.\n"


def _settings() -> list[Path]:
    """Those of the kernel that make a machine a router."""
    ipv6 = [path for name in ("forwarding", "accept_ra") for path in _IPV6.glob(f"*/{name}")]
    return [Path("/proc/sys/net/ipv4/ip_forward"), *sorted(ipv6)]


def _lines(*command: str) -> list[str]:
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return sorted(result.stdout.splitlines())
