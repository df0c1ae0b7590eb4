"""Runs one kubelet and nothing else; the kubelet lab starts it as a process that can be killed."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from proa.cluster.kubelet import Kubelet, KubeletConfig
from proa.cluster.kubelet.arguments import parse_arguments
from proa.kube import HttpClient, load_config


async def main(base: Path, name: str, port: int, arguments: list[str]) -> None:
    client = HttpClient(load_config(base / "kubeconfig"))
    config = KubeletConfig(
        node_name=name,
        node_ips=("127.0.0.1",),
        data_dir=base / "data",
        containerd_socket=base / "containerd.sock",
        tls_cert=base / "kubelet.crt",
        tls_key=base / "kubelet.key",
        client_ca=base / "ca.crt",
        address="127.0.0.1",
        port=port,
        arguments=parse_arguments(arguments),
    )
    await Kubelet(client, config).run()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs beside itself ignores it
    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(message)s")
    for name in ("asyncio", "grpc"):
        logging.getLogger(name).setLevel(logging.WARNING)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
