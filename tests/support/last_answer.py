"""Who answers new connections to a Service, one after the other, as seen from a node."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any, Self

from proa.kernel import netns
from support.cluster import pod

GATE = "example.com/open"
_SERVE = "mkdir /www; hostname >/www/index.html; exec httpd -f -p 8080 -h /www"
_REQUEST = b"GET / HTTP/1.0\r\n\r\n"


class Asker(threading.Thread):
    """Notes of each connection when it was begun and who answered it, or what went wrong."""

    def __init__(self, namespace: Path, address: str) -> None:
        super().__init__()
        self.answers: list[tuple[float, str]] = []
        self._namespace = namespace
        self._address = address
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        with netns.entered(self._namespace):
            while not self._ended.is_set():
                self.answers.append((time.monotonic(), self._ask()))
                time.sleep(0.001)

    def last(self, name: str) -> float:
        """When the last connection was begun that this one answered, and which was not answered well."""
        return max((at for at, who in self.answers if who == name or who.startswith("fault")), default=0.0)

    def _ask(self) -> str:
        try:
            with socket.create_connection((self._address, 80), timeout=2) as stream:
                stream.sendall(_REQUEST)
                answer = b"".join(iter(lambda: stream.recv(4096), b""))
        except OSError as fault:
            return f"fault: {fault}"
        return answer.decode().rpartition("\r\n\r\n")[2].strip()


def lingering(name: str, node: str, label: str) -> dict[str, Any]:
    """A web server that says its name, stays 2 s longer than asked, and is ready while its gate is open."""
    made = pod(name, "sh", "-c", _SERVE, nodeName=node, readinessGates=[{"conditionType": GATE}])
    made["metadata"]["labels"] = {"app": label}
    made["spec"]["terminationGracePeriodSeconds"] = 4
    made["spec"]["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "2"]}}}
    return made


def gate(is_open: bool) -> dict[str, Any]:
    """A patch of the status that opens or closes a pod's gate."""
    return {"status": {"conditions": [{"type": GATE, "status": str(is_open)}]}}
