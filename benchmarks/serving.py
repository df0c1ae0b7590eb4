"""An API server in a process of its own, to be measured: on a free port of the loopback, in a folder."""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).parents[1] / "tests"
_SERVER = """
import sys, asyncio, uvloop
from pathlib import Path
from support.server import api_server
from proa.kube import CONFIG_MAPS, SERVICE_ACCOUNTS, Resource

BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False)

async def main():
    async with api_server(Path(sys.argv[1])) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        role = {"apiGroup": BINDINGS.group, "kind": "ClusterRole", "name": "cluster-admin"}
        subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
        await client.create(BINDINGS, {"metadata": {"name": "b"}, "roleRef": role, "subjects": [subject]})
        await client.create(CONFIG_MAPS, {"metadata": {"name": "y"}, "data": {"k": "x" * 400}}, "default")
        answer = await client.create(
            SERVICE_ACCOUNTS, {"spec": {}}, "default", name="default", subresource="token"
        )
        print(server.port, answer["status"]["token"], flush=True)
        await asyncio.Event().wait()

uvloop.run(main())
"""


@dataclass(frozen=True)
class Served:
    """Where the server is, and how to be let in."""

    port: int
    token: str
    pid: int
    folder: Path

    @property
    def namespace(self) -> str:
        """URL of what is in the namespace `default`."""
        return f"https://127.0.0.1:{self.port}/api/v1/namespaces/default"

    @property
    def headers(self) -> dict[str, str]:
        """Who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    def trust(self) -> ssl.SSLContext:
        """TLS that knows the server's authority."""
        return ssl.create_default_context(cafile=str(self.folder / "ca.crt"))

    def resident(self) -> float:
        """Resident memory in MiB."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    """A server that answers, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PYTHONPATH": str(_TESTS), "PATH": "/usr/bin:/bin"}
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _SERVER, folder, stdout=-1, env=environment
        )
        try:
            assert server.stdout is not None
            port, token = (await server.stdout.readline()).decode().split()
            yield Served(int(port), token, server.pid, Path(folder))
        finally:
            server.kill()
            await server.wait()
