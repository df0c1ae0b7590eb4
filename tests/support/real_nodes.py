"""Nodes of a real Kubernetes in network namespaces: containerd and the real kubelet, and our features.

Each node's network namespace hangs on a bridge of this machine, where the API server listens.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from proa.kernel import links, netns, topology
from proa.kernel.netlink import Netlink
from proa.machine import containerd, image_store, images
from support.cluster import CACHE, NEWEST, Result, eventually
from support.real_kubernetes import program

BRIDGE, ADDRESS = "ptreal0", "10.79.0.1"
_CGROUPS = Path("/sys/fs/cgroup")
_KUBELET = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupRoot: /{name}
containerRuntimeEndpoint: unix://{socket}
authentication: {{anonymous: {{enabled: false}}, webhook: {{enabled: true}}, x509: {{clientCAFile: {ca}}}}}
authorization: {{mode: Webhook}}
clusterDNS: [10.43.0.10]
clusterDomain: cluster.local
localStorageCapacityIsolation: false
volumePluginDir: {home}/volume-plugins
"""


@contextlib.contextmanager
def bridge() -> Iterator[str]:
    """The bridge; gives the address for the API server."""
    topology.ensure_bridge(BRIDGE, IPv4Interface(f"{ADDRESS}/24"))
    try:
        yield ADDRESS
    finally:
        with Netlink() as netlink:
            links.delete(netlink, [BRIDGE])


class RealNode:
    """One node; `close` leaves nothing of it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name, self.address = f"real-{number}", f"10.79.0.{10 + number}"
        self.home = folder / self.name
        self._kubeconfig = folder / "kubeconfig"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._features: subprocess.Popen[bytes] | None = None
        self.conf_dir, self.bin_dir = self.home / "cni", self.home / "bin"
        self.socket = self.home / "containerd.sock"
        for place in (self.conf_dir, self.bin_dir):
            place.mkdir(parents=True)
        topology.attach(
            self.name,
            bridge=BRIDGE,
            host_device=f"ptreal-{number}",
            address=IPv4Interface(f"{self.address}/24"),
            gateway=IPv4Address(ADDRESS),
        )
        _make_cgroups(self.name)

    def start(self) -> None:
        """containerd with the bundled images, kubelet and our features."""
        options = containerd.ContainerdOptions(
            root=self.home / "containerd",
            state=self.home / "run",
            socket=self.socket,
            cni_conf_dir=self.conf_dir,
            cni_bin_dir=self.bin_dir,
            may_lower_oom_score=containerd.may_lower_oom_score(),
        )
        config = self.home / "containerd.toml"
        config.write_text(containerd.configuration(containerd.major_release(), options))
        self.start_features()
        self._run("containerd", "containerd", "--config", str(config))
        eventually(self.socket.exists)
        for archive in images.build(self.home / "images"):
            image_store.load(self.socket, archive)
        kubelet = self.home / "kubelet.yaml"
        ca = self._kubeconfig.with_name("ca.crt")
        kubelet.write_text(_KUBELET.format(name=self.name, socket=self.socket, ca=ca, home=self.home))
        self._run(
            "kubelet",
            program("kubelet"),
            f"--config={kubelet}",
            f"--kubeconfig={self._kubeconfig}",
            f"--hostname-override={self.name}",
            f"--root-dir={self.home}/kubelet",
            f"--cert-dir={self.home}/pki",
            f"--node-ip={self.address}",
        )

    def start_features(self) -> None:
        """`proa features agent`, as a user types it."""
        flags = {
            "kubeconfig": self._kubeconfig,
            "node-name": self.name,
            "node-ip": self.address,
            "cni-conf-dir": self.conf_dir,
            "cni-bin-dir": self.bin_dir,
            "data-dir": self.home / "proa",
            "run-dir": self.home / "proa-run",
        }
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        self._features = self._run("features", sys.executable, "-m", "proa", "features", "agent", *words)

    def kill_features(self) -> None:
        """As kill -9."""
        assert self._features is not None
        self._features.kill()
        self._features.wait()

    def close(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        for pid in _cgroup_members(self.name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in _shims(self.socket):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for point in sorted((p for p in points if p.startswith(f"{self.home}/")), reverse=True):
            subprocess.run(["umount", "-l", point], check=False)
        topology.detach(self.name)
        eventually(lambda: _remove_cgroups(self.name))
        shutil.rmtree(self.home, ignore_errors=True)

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")[-3000:]

    def _run(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("ab") as log:
            entered = ["nsenter", f"--net={netns.NAMES / self.name}", *command]
            process = subprocess.Popen(entered, stdout=log, stderr=log, start_new_session=True)
        self._processes.append(process)
        return process


def controller(folder: Path) -> subprocess.Popen[bytes]:
    """`proa features controller`."""
    command = [sys.executable, "-m", "proa", "features", "controller", f"--kubeconfig={folder}/kubeconfig"]
    with (folder / "controller.log").open("wb") as log:
        return subprocess.Popen([*command, f"--data-dir={folder}/proa"], stdout=log, stderr=log)


def kubectl(folder: Path, *arguments: str, text: str = "", check: bool = True) -> Result:
    """The real kubectl on the real API server."""
    command = [str(CACHE / f"kubectl-{NEWEST}" / "kubectl"), f"--kubeconfig={folder}/kubeconfig", *arguments]
    result = subprocess.run(command, check=False, capture_output=True, text=True, input=text, timeout=120)
    assert not (check and result.returncode), f"{arguments}: {result.stdout}{result.stderr}"
    return result


def _controllers() -> list[Path]:
    return [path for path in _CGROUPS.iterdir() if (path / "cgroup.procs").is_file()]


def _make_cgroups(name: str) -> None:
    """A subtree of its own: a kubelet removes whatever pods it does not know below its root."""
    for folder in _controllers():
        made = folder / name
        made.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (made / setting).exists():
                (made / setting).write_text((folder / setting).read_text())


def _cgroup_members(name: str) -> set[int]:
    files = (file for folder in _controllers() for file in (folder / name).rglob("cgroup.procs"))
    return {int(pid) for file in files for pid in file.read_text().split()}


def _remove_cgroups(name: str) -> bool:
    for folder in _controllers():
        for made in sorted((folder / name).rglob("*/"), reverse=True):
            with contextlib.suppress(OSError):
                made.rmdir()
        with contextlib.suppress(OSError):
            (folder / name).rmdir()
    return not any((folder / name).exists() for folder in _controllers())


def _shims(socket: Path) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"containerd-shim" in words[0] and str(socket).encode() in words:
                yield int(process.name)
