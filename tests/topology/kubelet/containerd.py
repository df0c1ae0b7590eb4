"""A containerd of the test's own, in a temporary directory."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from images import write_image

PAUSE = "docker.io/proa/pause:1"
BUSYBOX = "docker.io/library/busybox:stable"

_CONFIG = """
version = 2
root = "{base}/root"
state = "{base}/state"
[grpc]
  address = "{base}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{base}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{base}/net.d"
"""


class Containerd:
    """One running containerd; `kill` and `start` for tests of what survives it."""

    def __init__(self, base: Path, bridge: str, subnet: str) -> None:
        self.base = base
        self.bridge = bridge
        self.socket = base / "containerd.sock"
        self._process: subprocess.Popen[bytes] | None = None
        (base / "net.d").mkdir(parents=True)
        (base / "config.toml").write_text(_CONFIG.format(base=base, pause=PAUSE))
        self._write_network(subnet)

    def _write_network(self, subnet: str) -> None:
        ipam = {"type": "host-local", "dataDir": f"{self.base}/ipam", "ranges": [[{"subnet": subnet}]]}
        plugin = {"type": "bridge", "bridge": self.bridge, "isGateway": True, "ipMasq": False, "ipam": ipam}
        network = {"cniVersion": "0.4.0", "name": "test", "plugins": [plugin]}
        (self.base / "net.d" / "10-test.conflist").write_text(json.dumps(network))

    def start(self) -> None:
        with (self.base / "containerd.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["containerd", "--config", str(self.base / "config.toml"), "--log-level", "warn"],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while self._ctr("version", check=False).returncode != 0:
            assert time.monotonic() < deadline, (self.base / "containerd.log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def import_images(self) -> None:
        shell = ("/bin/sh", "-c")
        archives = (
            (PAUSE, {"catatonit": Path("/usr/bin/catatonit")}, {"Entrypoint": ["/catatonit", "-P"]}),
            (BUSYBOX, {"bin/busybox": Path("/bin/busybox")}, {"Cmd": [shell[0]], "Env": ["PATH=/bin"]}),
        )
        for name, files, config in archives:
            archive = self.base / "image.tar"
            write_image(archive, name, files, config)
            self._ctr("-n", "k8s.io", "images", "import", str(archive))

    def _ctr(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["ctr", "--address", str(self.socket), *arguments]
        return subprocess.run(command, check=check, capture_output=True, text=True, timeout=60)

    def shims(self) -> list[int]:
        """Process ids of the shims that serve this containerd."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and str(self.socket).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return found

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)
        for pid in self.shims():
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
        _unmount_below(self.base)
        subprocess.run(["ip", "link", "delete", self.bridge], check=False, capture_output=True)


def _unmount_below(base: Path) -> None:
    for _ in range(3):
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(f"{base}/")), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)


@contextlib.contextmanager
def running_containerd() -> Iterator[Containerd]:
    """A started containerd with both images; all of it is gone afterwards."""
    base = Path(tempfile.mkdtemp(prefix="ktest-"))
    number = os.getpid() % 200 + 10
    containerd = Containerd(base, f"ktest{os.getpid() % 100000}", f"10.231.{number}.0/24")
    try:
        containerd.start()
        containerd.import_images()
        yield containerd
    finally:
        containerd.stop()
        shutil.rmtree(base, ignore_errors=True)
