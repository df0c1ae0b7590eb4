"""The plugin under real runtimes, without Kubernetes: containerd's `ctr run --cni` and podman."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.network_lab import Node, eventually, lab, source_seen

pytestmark = [pytest.mark.root, pytest.mark.topology]

_BUSYBOX = Path("/bin/busybox")
_LINGER = ("/bin/busybox", "sleep", "60")

_CONTAINERD = """
version = 2
root = "{base}/root"
state = "{base}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{base}/containerd.sock"
[ttrpc]
  address = "{base}/ttrpc.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{base}/opt"
"""


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with lab(tmp_path / "lab", nodes=1) as made:
        yield made.nodes[0]


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    needs("busybox")
    root = tmp_path / "rootfs"
    for name in ("bin", "proc", "sys", "dev", "etc", "tmp", "run"):
        (root / name).mkdir(parents=True)
    shutil.copy(_BUSYBOX, root / "bin" / "busybox")
    return root


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def containerd(base: Path) -> Iterator[Path]:
    """A containerd of the test's own; yields its socket."""
    base.mkdir()
    config = base / "config.toml"
    config.write_text(_CONTAINERD.format(base=base))
    with (base / "log").open("wb") as log:
        process = subprocess.Popen(["containerd", "--config", str(config)], stdout=log, stderr=log)
    try:
        eventually((base / "containerd.sock").exists, "containerd listens")
        yield base / "containerd.sock"
    finally:
        process.terminate()
        process.wait()
        for mount in Path("/proc/self/mounts").read_text().splitlines():
            if (point := mount.split()[1]).startswith(str(base)):
                subprocess.run(["umount", "-l", point], check=False)


def test_ctr_run_cni(tmp_path: Path, node: Node, rootfs: Path) -> None:
    needs("containerd", "ctr", "runc")
    # ctr looks in the standard directories only: they are mounted over, for this command alone
    over = (
        "mount -t tmpfs none /opt && mkdir -p /opt/cni && ln -s $0/bin /opt/cni/bin && "
        'mkdir -p /etc/cni/net.d && mount --bind $0/net.d /etc/cni/net.d && exec "$@"'
    )
    private = ["unshare", "--mount", "sh", "-c", over, str(node.base)]
    with containerd(tmp_path / "containerd") as socket:
        ctr = ["ctr", "-a", str(socket)]
        run = [*private, *ctr, "run", "--rm", "--cni", "--rootfs", str(rootfs), "by-ctr", *_LINGER]
        running = subprocess.Popen(run)
        try:
            eventually(lambda: "RUNNING" in output(*ctr, "task", "ls"), "the task runs")
            address = node.run("ip", "route", "show", "proto", "142", "type", "unicast").split()[0]
            shown = output(*ctr, "task", "exec", "--exec-id", "x", "by-ctr", "/bin/busybox", "ip", "addr")
            assert f"inet {address}/32" in shown
            pid = output(*ctr, "task", "ls").splitlines()[1].split()[1]
            assert source_seen(node.path, Path(f"/proc/{pid}/ns/net"), address) == node.address
        finally:
            subprocess.run([*ctr, "task", "kill", "-s", "KILL", "by-ctr"], check=False)
            running.wait(10)
    assert address not in node.run("ip", "route")


def test_podman_run(tmp_path: Path, node: Node, rootfs: Path) -> None:
    needs("podman")
    conf = tmp_path / "containers.conf"
    conf.write_text(
        "[network]\n"
        'network_backend = "cni"\n'
        f'network_config_dir = "{node.base}/net.d"\n'
        f'cni_plugin_dirs = ["{node.base}/bin"]\n'
        "[engine]\n"
        'cgroup_manager = "cgroupfs"\nevents_logger = "none"\nruntime = "runc"\n'
    )
    environment = os.environ | {"CONTAINERS_CONF": str(conf)}
    places = {"--root": "p", "--runroot": "r", "--tmpdir": "t"}
    podman = ["podman", *(word for flag, name in places.items() for word in (flag, str(tmp_path / name)))]
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    run = ["run", "--detach", "--network", "proa", *limits, "--name", "by-podman"]

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [*podman, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        call(*run, "--rootfs", str(rootfs), *_LINGER)
        (inspected,) = json.loads(call("inspect", "by-podman"))
        address = inspected["NetworkSettings"]["Networks"]["proa"]["IPAddress"]
        assert address in node.run("ip", "route", "show", "proto", "142")
        path = Path(f"/proc/{inspected['State']['Pid']}/ns/net")
        assert source_seen(node.path, path, address) == node.address
    finally:
        call("rm", "--force", "--time", "0", "by-podman")
    assert address not in node.run("ip", "route")
