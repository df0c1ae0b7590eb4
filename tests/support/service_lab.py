"""Two nodes, pods and a client outside as network namespaces; one node runs a real service proxy.

```
  pods 10.42.1.x ── node 10.78.0.11 ──┐
                                      ├── switch ── client 10.78.0.100
  pods 10.42.2.x ── peer 10.78.0.12 ──┘
```

A socket that is opened inside a namespace stays there, so one process plays all hosts.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from proa.kernel import netns
from proa.kube import Object

NODE, PEER, CLIENT = "10.78.0.11", "10.78.0.12", "10.78.0.100"
NODE6, PEER6, CLIENT6 = "fd78::11", "fd78::12", "fd78::100"
_AGENT = Path(__file__).with_name("service_agent.py")


class Server:
    """Answers every TCP connection and UDP datagram with its name and what it saw as the client."""

    def __init__(self, path: Path, name: str, address: str, port: int) -> None:
        self.name = name
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with netns.entered(path):
            self._tcp = socket.create_server((address, port), family=family)
            self._udp = socket.socket(family, socket.SOCK_DGRAM)
            self._udp.bind((address, port))
        self._threads = [threading.Thread(target=serve) for serve in (self._accept, self._receive)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        for endpoint in (self._tcp, self._udp):
            with contextlib.suppress(OSError):
                endpoint.shutdown(socket.SHUT_RDWR)
            endpoint.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, peer = self._tcp.accept()
                threading.Thread(target=self._talk, args=(connection, peer), daemon=True).start()

    def _talk(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        with contextlib.suppress(OSError), connection:
            connection.sendall(f"{self.name} {peer[0]}\n".encode())
            while data := connection.recv(4096):
                connection.sendall(data)

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                _, peer = self._udp.recvfrom(4096)
                if peer is None:
                    return
                self._udp.sendto(f"{self.name} {peer[0]}".encode(), peer)


class Lab:
    """The hosts; `close` leaves nothing."""

    def __init__(self) -> None:
        self._prefix = f"psvc{os.getpid() % 100_000}"
        self._names: list[str] = []
        self._servers: list[Server] = []
        self.agent: subprocess.Popen[str] | None = None
        self._objects: dict[tuple[str, str], Object] = {}
        self.switch = self._namespace("sw")
        run(self.switch, "ip link add br0 type bridge", "ip link set br0 up")
        self.node = self._host("node", NODE, NODE6)
        self.peer = self._host("peer", PEER, PEER6)
        self.client = self._host("client", CLIENT, CLIENT6)
        for host, other, other6, number in ((self.node, PEER, PEER6, 2), (self.peer, NODE, NODE6, 1)):
            run(
                host,
                "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
                f"ip route add 10.42.{number}.0/24 via {other}",
                f"ip -6 route add fd42:{number}::/64 via {other6}",
            )
        run(
            self.client,
            f"ip route add default via {NODE}",
            f"ip -6 route add default via {NODE6}",
        )
        for host in (self.node, self.peer):
            run(host, f"ip route add default via {CLIENT}", f"ip -6 route add default via {CLIENT6}")

    def close(self) -> None:
        self.kill()
        for server in self._servers:
            server.close()
        for name in self._names:
            netns.delete(name)

    def pod(self, number: int, *, on: str = "node") -> Path:
        """A pod with the address 10.42.N.number, N = 1 on the node and 2 on its peer."""
        host, subnet = (self.node, 1) if on == "node" else (self.peer, 2)
        address, address6, device = f"10.42.{subnet}.{number}", f"fd42:{subnet}::{number}", f"pod{number}"
        path = self._namespace(f"{subnet}-{number}")
        run(
            host,
            f"ip link add {device} type veth peer name eth0 netns {path.name}",
            f"ip addr add 169.254.1.1/32 dev {device}",
            f"ip addr add fe80::1/64 dev {device} nodad",
            f"ip link set {device} up",
            f"ip route add {address} dev {device}",
            f"ip -6 route add {address6} dev {device}",
        )
        run(
            path,
            f"ip addr add {address}/32 dev eth0",
            f"ip addr add {address6}/128 dev eth0 nodad",
            "ip link set eth0 up",
            "ip route add 169.254.1.1 dev eth0",
            "ip route add default via 169.254.1.1",
            "ip -6 route add default via fe80::1 dev eth0",
        )
        return path

    def serve(self, path: Path, name: str, address: str, port: int = 8080) -> Server:
        server = Server(path, name, address, port)
        self._servers.append(server)
        return server

    def put(self, resource: str, obj: Object) -> None:
        key = f"{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"
        self._objects[resource, key] = obj
        self._tell({"put": resource, "object": obj})

    def drop(self, resource: str, key: str) -> None:
        del self._objects[resource, key]
        self._tell({"drop": resource, "key": key})

    def start(self) -> None:
        """Starts the node's proxy and waits until its rules are in."""
        self.agent = subprocess.Popen(
            ["nsenter", f"--net={self.node}", sys.executable, str(_AGENT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(_AGENT.parent.parent)},
        )
        for (resource, _), obj in self._objects.items():
            self._tell({"put": resource, "object": obj})
        settings = {
            "node_name": "node",
            "node_ips": [NODE, NODE6],
            "cluster_cidrs": ["10.42.0.0/16", "fd42::/16"],
            "service_cidrs": ["10.43.0.0/16", "fd43::/112"],
        }
        self._tell({"start": settings})
        self._ready()

    def start_dns(self, resolv_conf: Path) -> None:
        """Starts a DNS server beside the node's proxy."""
        settings = {"addresses": [NODE], "resolv_conf": str(resolv_conf)}
        self._tell({"dns": settings})
        self._ready()

    def kill(self) -> None:
        """As kill -9."""
        if self.agent is not None:
            self.agent.kill()
            self.agent.communicate()
            self.agent = None

    def _ready(self) -> None:
        assert self.agent is not None
        assert self.agent.stdout is not None
        assert self.agent.stdout.readline() == "ready\n"

    def _tell(self, message: dict[str, Any]) -> None:
        if self.agent is not None and self.agent.stdin is not None:
            self.agent.stdin.write(json.dumps(message) + "\n")
            self.agent.stdin.flush()

    def _namespace(self, name: str) -> Path:
        full = f"{self._prefix}-{name}"
        self._names.append(full)
        return netns.create(full)

    def _host(self, name: str, address: str, address6: str) -> Path:
        path = self._namespace(name)
        run(
            self.switch,
            f"ip link add {name} type veth peer name eth0 netns {path.name}",
            f"ip link set {name} master br0 up",
        )
        run(
            path,
            f"ip addr add {address}/24 dev eth0",
            f"ip addr add {address6}/64 dev eth0 nodad",
            "ip link set eth0 up",
        )
        return path


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    made = Lab()
    try:
        yield made
    except BaseException:
        print(run(made.node, "nft list table inet proa"))
        raise
    finally:
        made.close()


def run(path: Path, *commands: str) -> str:
    """What the commands print inside of a namespace."""
    return "".join(
        subprocess.run(
            ["nsenter", f"--net={path}", *command.split()], capture_output=True, text=True, check=True
        ).stdout
        for command in commands
    )


def dial(path: Path, address: str, port: int, *, timeout: float = 2.0) -> socket.socket:
    """A TCP connection from inside of a namespace; OSError says why there is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with netns.entered(path):
        connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def ask(path: Path, address: str, port: int, *, timeout: float = 2.0) -> tuple[str, str]:
    """(server's name, the source that it saw) of one TCP connection."""
    with dial(path, address, port, timeout=timeout) as connection, connection.makefile() as lines:
        name, source = lines.readline().split()
    return name, source.removeprefix("::ffff:")


def reaches(path: Path, address: str, port: int) -> bool:
    """Whether a TCP connection comes about within a moment."""
    try:
        ask(path, address, port, timeout=0.3)
    except OSError:
        return False
    return True


def datagram_socket(path: Path, *, timeout: float = 2.0) -> socket.socket:
    with netns.entered(path):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(timeout)
    return made


def ask_datagram(endpoint: socket.socket, address: str, port: int) -> tuple[str, str]:
    """(server's name, the source that it saw) of one UDP exchange."""
    endpoint.connect((address, port))
    endpoint.send(b"?")
    name, source = endpoint.recv(4096).decode().split()
    return name, source


def eventually(check: Callable[[], bool], what: str, *, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
