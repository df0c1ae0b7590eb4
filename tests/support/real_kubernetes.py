"""A real control plane (etcd, kube-apiserver, controller-manager, scheduler) on the loopback.

Its programs are looked for in $PROA_PEERS/bin (default ~/.cache/proa-peers/bin) and on PATH.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, write_kubeconfig
from proa.errors import ApiError
from proa.kube import NAMESPACES, HttpClient, load_config

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
SERVICE_CIDR = ("10.43.0.0/16",)
_DEADLINE = 90.0


def missing_programs(*more: str) -> str:
    """The programs that are not installed, for the reason of a skip; empty when all are there."""
    return ", ".join(name for name in (*PROGRAMS, *more) if _find(name) is None)


def program(name: str) -> str:
    """The path of a program that is installed."""
    return _find(name) or name


@asynccontextmanager
async def control_plane(
    folder: Path,
    address: str = "127.0.0.1",
    service_cidr: Sequence[str] = SERVICE_CIDR,
    arguments: Sequence[str] = (),
) -> AsyncIterator[HttpClient]:
    """An administrator's client of a control plane that lives as long as the block.

    `arguments` are more of the controller manager's, NAME=VALUE.
    """
    async with kube_apiserver(folder, address, service_cidr) as client:
        with controllers(folder, folder / "api.key", arguments, leader_elect="false"):
            yield client


@contextmanager
def controllers(
    folder: Path, signing_key: Path, arguments: Sequence[str] = (), **flags: str
) -> Iterator[None]:
    """kube-controller-manager and kube-scheduler, for the API server of `folder/kubeconfig`.

    `flags` are for both, with underscores, `arguments` for the first, NAME=VALUE; their output is in
    `folder/PROGRAM.log`.
    """
    manager, scheduler = _free_ports(2)
    common: dict[str, object] = {"kubeconfig": folder / "kubeconfig", "bind-address": "127.0.0.1"}
    common |= {name.replace("_", "-"): value for name, value in flags.items()}
    managing = common | {
        "secure-port": manager,
        "service-account-private-key-file": signing_key,
        "root-ca-file": folder / "ca.crt",
        "cluster-cidr": "10.42.0.0/16",
        "allocate-node-cidrs": "true",
    }
    managing |= dict(argument.split("=", 1) for argument in arguments)
    with (
        _program(folder, "kube-controller-manager", managing),
        _program(folder, "kube-scheduler", common | {"secure-port": scheduler}),
    ):
        yield


@contextmanager
def scheduler(folder: Path, extender: str = "") -> Iterator[None]:
    """kube-scheduler alone, which looks at all nodes, and asks the extender at that address."""
    (port,) = _free_ports(1)
    config: dict[str, object] = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(folder / "kubeconfig"), "qps": 2000, "burst": 2000},
        "leaderElection": {"leaderElect": False},
        "percentageOfNodesToScore": 100,
    }
    if extender:
        config["extenders"] = [{"urlPrefix": extender, "filterVerb": "filter", "nodeCacheCapable": True}]
    path = folder / "scheduler.json"
    path.write_text(json.dumps(config))
    flags: dict[str, object] = {"config": path, "bind-address": "127.0.0.1", "secure-port": port}
    with _program(folder, "kube-scheduler", flags):
        yield


@asynccontextmanager
async def kube_apiserver(
    folder: Path, address: str = "127.0.0.1", service_cidr: Sequence[str] = SERVICE_CIDR
) -> AsyncIterator[HttpClient]:
    """An administrator's client of etcd and kube-apiserver alone; `folder` holds their authority."""
    ports = dict(zip(("etcd", "peer", "api"), _free_ports(3), strict=True))
    kubeconfig = _files(folder, address, ports["api"])
    with (
        _program(folder, "etcd", _etcd_flags(folder, ports)),
        _program(folder, "kube-apiserver", _api_flags(folder, address, ports, service_cidr)) as api,
    ):
        client = HttpClient(load_config(kubeconfig))
        try:
            await _answers(client, api, folder)
            yield client
        finally:
            await client.close()


def _files(folder: Path, address: str, port: int) -> Path:
    authority = Authority.open(folder)
    authority.issue(Leaf("kube-apiserver", names=(address, "kubernetes")), KeyPair.at(folder, "api"))
    authority.issue(Leaf("kubelet-client", ("system:masters",)), KeyPair.at(folder, "kubelet-client"))
    admin = KeyPair.at(folder, "admin")
    authority.issue(Leaf("admin", ("system:masters",)), admin)
    kubeconfig = folder / "kubeconfig"
    write_kubeconfig(kubeconfig, f"https://{address}:{port}", authority.files.certificate, admin, "admin")
    return kubeconfig


def _etcd_flags(folder: Path, ports: dict[str, int]) -> dict[str, object]:
    client, peer = f"http://127.0.0.1:{ports['etcd']}", f"http://127.0.0.1:{ports['peer']}"
    return {
        "name": "real",
        "data-dir": folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"real={peer}",
    }


def _api_flags(
    folder: Path, address: str, ports: dict[str, int], service_cidr: Sequence[str]
) -> dict[str, object]:
    return {
        "etcd-servers": f"http://127.0.0.1:{ports['etcd']}",
        "bind-address": address,
        "advertise-address": address,
        "secure-port": ports["api"],
        "kubelet-preferred-address-types": "InternalIP",
        "kubelet-client-certificate": folder / "kubelet-client.crt",
        "kubelet-client-key": folder / "kubelet-client.key",
        "tls-cert-file": folder / "api.crt",
        "tls-private-key-file": folder / "api.key",
        "client-ca-file": folder / "ca.crt",
        "allow-privileged": "true",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "enable-bootstrap-token-auth": "true",
        "service-cluster-ip-range": ",".join(service_cidr),
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": folder / "api.crt",
        "service-account-signing-key-file": folder / "api.key",
        "endpoint-reconciler-type": "none",
    }


@contextmanager
def _program(folder: Path, name: str, flags: dict[str, object]) -> Iterator[subprocess.Popen[bytes]]:
    """The program with its output in `folder/NAME.log`; ended, and waited for, after the block."""
    words = [str(_find(name)), *(f"--{flag}={value}" for flag, value in flags.items())]
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


async def _answers(client: HttpClient, api: subprocess.Popen[bytes], folder: Path) -> None:
    try:
        async with asyncio.timeout(_DEADLINE):
            while not await _has_default_namespace(client):
                if api.poll() is not None:
                    raise TimeoutError
                await asyncio.sleep(0.1)
    except TimeoutError:
        log = (folder / "kube-apiserver.log").read_text(errors="replace")[-2000:]
        raise AssertionError(f"kube-apiserver ended, or is not ready after {_DEADLINE} s:\n{log}") from None


async def _has_default_namespace(client: HttpClient) -> bool:
    try:
        return bool(await client.get(NAMESPACES, "default"))
    except (ApiError, aiohttp.ClientError):
        return False


def _find(name: str) -> str | None:
    home = Path(os.environ.get("PROA_PEERS") or Path.home() / ".cache/proa-peers")
    return shutil.which(name, path=str(home / "bin")) or shutil.which(name)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
