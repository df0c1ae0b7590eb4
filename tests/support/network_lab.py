"""Nodes as network namespaces on a bridge, each with a real network agent; pods are namespaces too.

A socket that is opened inside a namespace stays there, so tests talk between pods from one process.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any

from proa.kernel import netns, topology
from proa.kernel.links import derived_mac

GATEWAY, GATEWAY6 = "10.77.0.1", "fd77::1"
_AGENT = Path(__file__).with_name("network_agent.py")
_DEADLINE = 10.0


class CniFailure(Exception):
    """What the plugin printed for an error."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__(str(answer))
        self.code = answer["code"]
        self.message = answer["msg"]


@dataclass
class Pod:
    """A namespace that was attached."""

    container: str
    path: Path
    address: str
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        """One of each family of the lab."""
        return [ip["address"].partition("/")[0] for ip in self.result["ips"]]


class Node:
    """One node: its namespace, its directory, its agent."""

    def __init__(self, lab: Lab, number: int) -> None:
        self.lab = lab
        self.name = f"{lab.prefix}-{number}"
        self.number = number
        self.addresses = [text.format(10 + number) for text in ("10.77.0.{}", "fd77::{}")[: lab.families]]
        self.address = self.addresses[0]
        self.subnets = [text.format(number) for text in lab.subnets[: lab.families]]
        self.base = lab.base / f"n{number}"
        self.path = netns.NAMES / self.name
        self.agent: subprocess.Popen[bytes] | None = None

    def start_agent(self) -> None:
        """Starts the agent and waits until it answers."""
        log = (self.base / "log").open("ab")
        command = ["nsenter", f"--net={self.path}", sys.executable, str(_AGENT), str(self.base)]
        self.agent = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        eventually(self._ready, f"agent of {self.name}: {(self.base / 'log').read_text()}")

    def kill_agent(self) -> None:
        """As kill -9."""
        if self.agent:
            self.agent.kill()
            self.agent.wait()
            self.agent = None

    def cni(
        self,
        command: str,
        container: str = "",
        path: Path | str = "",
        *,
        version: str = "1.0.0",
        ifname: str = "eth0",
        **config: Any,
    ) -> dict[str, Any]:
        """Runs the plugin as a runtime does; CniFailure for an error."""
        conf = {"cniVersion": version, "name": "proa", "type": "proa", "socket": str(self.base / "cni.sock")}
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": container,
            "CNI_NETNS": str(path),
            "CNI_IFNAME": ifname,
        }
        done = subprocess.run(
            [self.base / "bin" / "proa"],
            input=json.dumps(conf | config).encode(),
            capture_output=True,
            env=environment,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout or b"{}")
        if done.returncode:
            raise CniFailure(answer)
        return answer

    def pod(self, container: str) -> Pod:
        """A new namespace, attached."""
        path = self.lab.namespace(container)
        result = self.cni("ADD", container, path)
        return Pod(container, path, result["ips"][0]["address"].partition("/")[0], result)

    def run(self, *command: str) -> str:
        """What a command prints in the node's namespace."""
        return subprocess.run(
            ["nsenter", f"--net={self.path}", *command], capture_output=True, text=True, check=True
        ).stdout

    def as_peers(self) -> list[dict[str, Any]]:
        """What the other nodes are told of this one, in each family."""
        return [
            {
                "name": self.name,
                "address": address,
                "subnet": subnet,
                "data": {"VNI": 1, "VtepMAC": derived_mac(f"vxlan{6 if ':' in address else ''} {self.name}")},
            }
            for address, subnet in zip(self.addresses, self.subnets, strict=True)
        ]

    def _ready(self) -> bool:
        with contextlib.suppress(CniFailure, OSError):
            self.cni("STATUS", version="1.1.0")
            return True
        return False


class Lab:
    """`nodes` nodes behind one bridge; `close` leaves nothing. With `ipv6` they have both families."""

    def __init__(
        self,
        base: Path,
        *,
        nodes: int = 2,
        backend: Mapping[str, Any] | None = None,
        subnets: tuple[str, ...] = ("10.42.{}.0/24", "fd42:0:0:{}::/64"),
        ipv6: bool = False,
    ) -> None:
        self.base = base
        self.prefix = f"plab{os.getpid() % 100_000}"
        self.subnets = subnets
        self.families = 2 if ipv6 else 1
        self._gateways = [(GATEWAY, 24), (GATEWAY6, 64)][: self.families]
        self._names: list[str] = []
        self.switch = self.namespace("sw")
        self._backend = dict(backend or {"Type": "vxlan"})
        self.nodes = [Node(self, number) for number in range(1, nodes + 1)]

    def start(self) -> None:
        with netns.entered(self.switch):
            topology.ensure_bridge("br0", *(ip_interface(f"{it}/{length}") for it, length in self._gateways))
            for node in self.nodes:
                self._names.append(node.name)
                self._attach(node)
        for node in self.nodes:
            self._configure(node)
            node.start_agent()

    def namespace(self, name: str) -> Path:
        """A new namespace that `close` deletes."""
        full = f"{self.prefix}-{name}"
        self._names.append(full)
        return netns.create(full)

    def close(self) -> None:
        for node in self.nodes:
            node.kill_agent()
        for name in self._names:
            netns.delete(name)

    def _attach(self, node: Node) -> None:
        for address, (gateway, length) in zip(node.addresses, self._gateways, strict=True):
            topology.attach(
                node.name,
                bridge="br0",
                host_device=f"n{node.number}",
                address=ip_interface(f"{address}/{length}"),
                gateway=ip_address(gateway),
            )

    def net_conf(self, backend: Mapping[str, Any]) -> str:
        """The lab's net-conf with this backend."""
        conf: dict[str, Any] = {"Network": "10.42.0.0/16", "Backend": backend}
        if self.families > 1:
            conf |= {"EnableIPv6": True, "IPv6Network": "fd42::/48"}
        return json.dumps(conf)

    def _configure(self, node: Node) -> None:
        node.base.mkdir(parents=True)
        (node.base / "net-conf.json").write_text(self.net_conf(self._backend))
        peers = [told for peer in self.nodes if peer is not node for told in peer.as_peers()]
        told = {"name": node.name, "subnets": node.subnets, "peers": peers, "backend": self._backend["Type"]}
        (node.base / "agent.json").write_text(json.dumps(told))


@contextlib.contextmanager
def lab(base: Path, **options: Any) -> Iterator[Lab]:
    """A running lab."""
    made = Lab(base, **options)
    try:
        made.start()
        yield made
    finally:
        made.close()


def eventually(condition: Callable[[], bool], what: str, seconds: float = _DEADLINE) -> None:
    """Waits until the condition holds; AssertionError after ten seconds, or as many as are given."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.02)


def listen(path: Path, address: str) -> socket.socket:
    """A TCP listener inside a namespace."""
    with netns.entered(path):
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.bind((address, 0))
    listener.listen()
    listener.settimeout(5)
    return listener


def connect(path: Path, listener: socket.socket) -> tuple[socket.socket, socket.socket, str]:
    """A connection from a namespace to a listener: both ends, and the address that the listener sees."""
    with netns.entered(path):
        client = socket.socket(listener.family)
    client.settimeout(5)
    client.connect(listener.getsockname())
    server, seen = listener.accept()
    server.settimeout(5)
    return client, server, seen[0]


def source_seen(path: Path, to: Path, address: str) -> str:
    """Which source address `address` (in namespace `to`) sees on a connection from `path`."""
    with listen(to, address) as listener:
        client, server, seen = connect(path, listener)
        with client, server:
            echo(client, server, b"x" * 200_000)
    return seen


def echo(client: socket.socket, server: socket.socket, data: bytes) -> None:
    """Sends data, more than one packet holds, and asserts that it arrives."""
    received = bytearray()
    view = memoryview(data)
    while len(received) < len(data):
        if view:
            view = view[client.send(view[:16_384]) :]
        received += server.recv(65_536)
    assert bytes(received) == data
