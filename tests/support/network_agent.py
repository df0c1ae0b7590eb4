"""Runs one network agent without Kubernetes; the network lab starts it inside a node's namespace."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

from proa.network import NetworkAgent, NetworkConfig, read_net_conf
from proa.network.backends.base import Peer


def main(base: Path) -> None:
    told = json.loads((base / "agent.json").read_text())
    peers = []
    for peer in told["peers"]:
        subnets = (ip_network(peer["subnet"]),)
        peers.append(Peer(peer["name"], ip_address(peer["address"]), subnets, told["backend"], peer["data"]))
    config = NetworkConfig(
        node_name=told["name"],
        data_dir=base / "network",
        socket=base / "cni.sock",
        cni_conf_dir=base / "net.d",
        bin_dir=base / "bin",
        conf=read_net_conf(base / "net-conf.json"),
        subnets=tuple(map(ip_network, told["subnets"])),
        peers=tuple(peers),
    )
    asyncio.run(NetworkAgent(config).run())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main(Path(sys.argv[1]))
