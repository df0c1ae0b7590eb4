"""A kubelet as a process of its own, between a real API server and a real containerd."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from proa.cluster.keypair import KeyPair
from proa.cluster.kubelet.cgroups import Cgroups
from proa.cluster.pki import Authority, Leaf, write_kubeconfig
from proa.errors import NotFound
from proa.kube import CONFIG_MAPS, NODES, PODS, SERVICE_ACCOUNTS, Client, Object, condition_is_true
from support.containerd import Containerd
from support.server import api_server

_AGENT = Path(__file__).with_name("kubelet_agent.py")
_DEADLINE = 20.0


class KubeletLab:
    """The node `name` with its kubelet; objects go in and out through `api`."""

    def __init__(self, api: Client, containerd: Containerd, name: str, port: int) -> None:
        self.api = api
        self.containerd = containerd
        self.name = name
        self.port = port
        self.base = containerd.base
        self.root = self.base / "data" / "agent" / name / "kubelet"
        self.arguments: list[str] = []
        """What the next kubelet that is started is told, as NAME=VALUE."""
        self._process: subprocess.Popen[bytes] | None = None

    def start_kubelet(self) -> None:
        with (self.base / "kubelet.log").open("ab") as log:
            command = [sys.executable, str(_AGENT), str(self.base), self.name, str(self.port)]
            self._process = subprocess.Popen([*command, *self.arguments], stdout=log, stderr=log)

    def kill_kubelet(self) -> None:
        """As kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def stop_kubelet(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            await asyncio.to_thread(self._process.wait, _DEADLINE)

    async def create(self, name: str, *containers: Object, **spec: Any) -> Object:
        """Create a pod on this node."""
        pod: Object = {
            "metadata": {"name": name, "namespace": "default", "labels": spec.pop("labels", {})},
            "spec": {
                "nodeName": self.name,
                "terminationGracePeriodSeconds": 1,
                "containers": list(containers) or [container()],
                "automountServiceAccountToken": False,
            }
            | spec,
        }
        return await self.api.create(PODS, pod, "default")

    async def pod(self, name: str) -> Object:
        return await self.api.get(PODS, name, "default")

    async def wait(self, name: str, condition: Callable[[Object], Any]) -> Object:
        """The pod as soon as the condition holds; the deadline fails the test with its status."""
        seen: Object = {}

        async def check() -> bool:
            nonlocal seen
            seen = await self.pod(name)
            return bool(condition(seen))

        await self.eventually(check, lambda: f"{seen.get('status')}")
        return seen

    async def wait_phase(self, name: str, phase: str) -> Object:
        return await self.wait(name, lambda pod: pod["status"].get("phase") == phase)

    async def wait_running(self, name: str) -> Object:
        return await self.wait(name, lambda pod: condition_is_true(pod, "Ready"))

    async def delete(self, name: str, grace: int | None = None) -> None:
        """Delete a pod and wait until it is gone."""
        await self.api.delete(PODS, name, "default", grace_period_seconds=grace)
        await self.wait_gone(name)

    async def wait_gone(self, name: str) -> None:
        async def gone() -> bool:
            try:
                await self.pod(name)
            except NotFound:
                return True
            return False

        await self.eventually(gone, lambda: f"{name} is still there")

    async def eventually(self, check: Callable[[], Awaitable[bool]], complaint: Callable[[], str]) -> None:
        try:
            async with asyncio.timeout(_DEADLINE):
                while not await check():  # noqa: ASYNC110 - what it asks gives no signal
                    await asyncio.sleep(0.02)
        except TimeoutError:
            log = (self.base / "kubelet.log").read_text()[-4000:]
            raise AssertionError(f"{complaint()}\n{log}") from None

    async def log(self, pod: str, name: str = "main", **query: str) -> str:
        """The container's log from the kubelet's own port."""
        status, text = await self.ask(f"/containerLogs/default/{pod}/{name}", **query)
        assert status == 200, text
        return text

    async def lines(self, pod: str, number: int) -> list[str]:
        """The lines of a container's log, once there are so many."""
        found: list[str] = []

        async def written() -> bool:
            found[:] = (await self.log(pod)).splitlines()
            return len(found) >= number

        await self.eventually(written, lambda: f"{found}")
        return found

    async def ask(
        self, path: str, *, user: str = "apiserver", token: str = "", **query: str
    ) -> tuple[int, str]:
        """Status and text of a request to the kubelet's HTTPS port; without a user, by token or as nobody."""
        context = ssl.create_default_context(cafile=self.base / "ca.crt")
        if user:
            context.load_cert_chain(self.base / f"{user}.crt", self.base / f"{user}.key")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"https://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, params=query, ssl=context, headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    def cgroup_value(self, path: str, *files: str) -> str:
        """The value of the first of these files that the cgroup has, on whichever hierarchy."""
        found = [p for file in files for p in cgroup_files(f"**/{path}/{file}")]
        return found[0].read_text().strip()

    def remains(self) -> list[str]:
        """What is left on the node of pods: directories, logs, cgroups, mounts."""
        found = [str(p) for folder in ("pods", "logs") for p in (self.root / folder).iterdir()]
        found += map(str, cgroup_files(f"**/proa/{self.name}/*/pod*"))
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return found + [line for line in mounts if str(self.root) in line]


def cgroup_files(pattern: str) -> list[Path]:
    """What matches below the mounts of cgroups, though some go while it looks."""
    while True:
        try:
            return list(Path("/sys/fs/cgroup").glob(pattern))
        except FileNotFoundError:
            continue


def container(command: str = "exec sleep 1000000", name: str = "main", **more: Any) -> Object:
    """A busybox container that runs a shell command and ends at SIGTERM."""
    return {
        "name": name,
        "image": "busybox:stable",
        "command": ["/bin/sh", "-c", f"trap 'exit 0' TERM; {command}"],
    } | more


@asynccontextmanager
async def kubelet_lab(containerd: Containerd, folder: Path) -> AsyncIterator[KubeletLab]:
    """A ready node; afterwards all of its pods are gone, whatever the test did."""
    authority = Authority.open(folder)
    name = f"ktest{os.getpid()}"
    leaves = {
        "kubelet": Leaf(f"system:node:{name}", ("system:nodes",), ("127.0.0.1",)),
        "apiserver": Leaf("kube-apiserver-kubelet-client"),
        "stranger": Leaf("somebody"),
        "admin": Leaf("system:admin", ("system:masters",)),
    }
    for file, leaf in leaves.items():
        authority.issue(leaf, KeyPair.at(containerd.base, file))
    (containerd.base / "ca.crt").write_bytes(authority.files.certificate.read_bytes())
    (containerd.base / "data").mkdir(exist_ok=True)
    async with api_server(folder) as server:
        url = f"https://127.0.0.1:{server.port}"
        admin = KeyPair.at(containerd.base, "admin")
        write_kubeconfig(containerd.base / "kubeconfig", url, authority.files.certificate, admin, "admin")
        lab = KubeletLab(server.client(), containerd, name, 21000 + os.getpid() % 9000)
        await _furnish(lab.api)
        try:
            lab.start_kubelet()
            await lab.eventually(lambda: _is_ready(lab), lambda: "the node does not become ready")
            yield lab
            await _empty(lab)
        finally:
            await lab.stop_kubelet()
            Cgroups(Path("/sys/fs/cgroup")).remove(f"/proa/{name}")


async def _furnish(api: Client) -> None:
    """What controllers would put into the namespace."""
    await api.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
    bundle = {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": "the authority"}}
    await api.create(CONFIG_MAPS, bundle, "default")


async def _is_ready(lab: KubeletLab) -> bool:
    try:
        return condition_is_true(await lab.api.get(NODES, lab.name), "Ready")
    except NotFound:
        return False


async def _empty(lab: KubeletLab) -> None:
    for pod in (await lab.api.list(PODS))["items"]:
        await lab.api.delete(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
    for pod in (await lab.api.list(PODS))["items"]:
        await lab.wait_gone(pod["metadata"]["name"])
