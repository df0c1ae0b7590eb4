"""The two servers that are compared: ours, and kube-apiserver with etcd where they are installed.

Both run on the loopback with their state in a temporary folder, and both know the benchmark's client by a
service-account token with all rights.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import aiohttp

from proa.kube import load_config
from support.api_process import api_process
from support.real_kubernetes import kube_apiserver, missing_programs, program
from support.wire import administrator

_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
_ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
REAL = "kube-apiserver"


@dataclass(frozen=True)
class Contestant:
    """A server that answers; `ready` is the seconds from its start until then."""

    name: str
    url: str
    token: str
    folder: Path
    pids: Sequence[int]
    ready: float

    @property
    def namespace(self) -> str:
        """URL of what is in the namespace `default`."""
        return f"{self.url}/api/v1/namespaces/default"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "ca.crt"))

    def session(self) -> aiohttp.ClientSession:
        """A client that is let in."""
        connector = aiohttp.TCPConnector(ssl=self.trust(), limit=0)
        return aiohttp.ClientSession(connector=connector, headers=self.headers)

    def resident(self) -> float:
        """Resident memory of the server, without etcd's, in MiB."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pids[0]}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def cpu(self) -> float:
        """Seconds of processor that the server used, with etcd's."""
        threads = [path for pid in self.pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9


@asynccontextmanager
async def contestants() -> AsyncIterator[list[Contestant]]:
    """Ours, and the real one if it can be had."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        begin = time.monotonic()
        server = await stack.enter_async_context(api_process(folder))
        ready = time.monotonic() - begin
        found = [await _admit("proa", server.url, folder, [server.process.pid], ready)]
        if missing := missing_programs():
            print(f"measured alone, as {missing} is not installed (scripts/peers builds them)")
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            begin = time.monotonic()
            await stack.enter_async_context(kube_apiserver(folder))
            ready = time.monotonic() - begin
            url = load_config(folder / "kubeconfig").server
            found.append(await _admit(REAL, url, folder, [_child(REAL), _child("etcd")], ready))
        yield found


def _child(name: str) -> int:
    """The process of that name which this one started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        head, _, rest = stat.read_text().rpartition(")")
        if head.endswith(f"({name}") and int(rest.split()[1]) == os.getpid():
            return int(stat.parent.name)
    raise SystemExit(f"{name} does not run")


async def _admit(name: str, url: str, folder: Path, pids: Sequence[int], ready: float) -> Contestant:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
    binding = {"metadata": {"name": "benchmark"}, "roleRef": role, "subjects": [subject]}
    connector = aiohttp.TCPConnector(ssl=administrator(folder))
    async with aiohttp.ClientSession(url, connector=connector) as session:
        await _post(session, _ACCOUNTS, {"metadata": {"name": "default"}})
        await _post(session, _ROLES, binding)
        token = (await _post(session, f"{_ACCOUNTS}/default/token", {"spec": {}}))["status"]["token"]
    server = Contestant(name, url, token, folder, pids, ready)
    async with server.session() as session, asyncio.timeout(10):
        while (await session.get(f"{server.namespace}/configmaps")).status != 200:
            await asyncio.sleep(0.05)  # the real one learns of roles a little later
    return server


async def _post(session: aiohttp.ClientSession, path: str, obj: dict[str, Any]) -> Any:
    async with session.post(path, json=obj) as answer:
        answer.raise_for_status()
        return await answer.json()


Samples = Mapping[str, Mapping[str, Sequence[float]]]
"""Values by question and contestant."""


def report(title: str, samples: Samples) -> None:
    """Print a table of medians with the ratio of ours to the real one's, and all of it as JSON."""
    medians = {q: {name: statistics.median(v) for name, v in by.items()} for q, by in samples.items()}
    versions = {"kernel": platform.release(), "python": platform.python_version(), REAL: _version()}
    print(f"{title} (medians; {', '.join(f'{name} {text}' for name, text in versions.items())})")
    print(f"{'':38}{'proa':>12}{REAL:>16}{'ratio':>8}")
    for question, by in medians.items():
        real = by.get(REAL)
        ratio = f"{by['proa'] / real:8.2f}" if real else ""
        print(f"{question:38}{by['proa']:12,.1f}{f'{real:16,.1f}' if real else '':16}{ratio}")
    print(json.dumps({"title": title, "versions": versions, "medians": medians, "samples": samples}))


def _version() -> str:
    if missing_programs():
        return "not installed"
    command = [program(REAL), "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
