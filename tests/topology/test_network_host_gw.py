"""host-gw between two nodes, a change of backend, and what cleanup leaves: nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.network_lab import lab, source_seen

pytestmark = [pytest.mark.root, pytest.mark.topology]

_STATE = ("ip -br link", "ip route", "ip -br addr", "nft list tables", "ip -6 route")


def test_pods_reach_each_other_by_plain_routes(tmp_path: Path) -> None:
    with lab(tmp_path, backend={"Type": "host-gw"}) as made:
        here, there = (node.pod(f"gw-{node.number}") for node in made.nodes)
        assert source_seen(here.path, there.path, there.address) == here.address
        assert "10.42.2.0/24 via 10.77.0.12 dev eth0 proto 142" in made.nodes[0].run("ip", "route")


def test_changing_the_backend_needs_only_a_restart_of_the_agents(tmp_path: Path) -> None:
    with lab(tmp_path, ipv6=True) as made:
        here, there = (node.pod(f"sw-{node.number}") for node in made.nodes)
        for backend in ("host-gw", "vxlan"):
            for node in made.nodes:
                node.kill_agent()
                (node.base / "net-conf.json").write_text(made.net_conf({"Type": backend}))
                told = json.loads((node.base / "agent.json").read_text())
                (node.base / "agent.json").write_text(json.dumps(told | {"backend": backend}))
                node.start_agent()
                assert ("proa-vxlan6" in node.run("ip", "-br", "link")) is (backend == "vxlan")
            for own, address in zip(here.addresses, there.addresses, strict=True):
                assert source_seen(here.path, there.path, address) == own


@pytest.mark.parametrize("ipv6", [False, True])
def test_cleanup_leaves_the_node_as_it_was(tmp_path: Path, *, ipv6: bool) -> None:
    with lab(tmp_path, nodes=1, ipv6=ipv6) as made:
        node = made.nodes[0]
        pod = node.pod("gone")
        node.kill_agent()
        assert pod.address in node.run("ip", "route")
        code = (
            "import sys; from pathlib import Path; from proa.network import cleanup\n"
            "base = Path(sys.argv[1])\n"
            "cleanup(cni_conf_dir=base / 'net.d', data_dir=base / 'network', purge=True)\n"
        )
        command = ["nsenter", f"--net={node.path}", sys.executable, "-c", code, str(node.base)]
        for _ in range(2):
            subprocess.run(command, check=True)
        state = [node.run(*command.split()) for command in _STATE]
        assert "proa" not in "".join(state)
        assert "142" not in state[1] + state[4]
        assert "10.77.0.0/24" in state[1]
        assert ("fd77::/64" in state[4]) is ipv6
        assert not list((node.base / "net.d").iterdir())
        assert not (node.base / "network").exists()
