"""A containerd of the test's own, in a temporary directory, with the reference bridge plugin."""

from __future__ import annotations

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

from proa.machine import image_store, images
from proa.machine.containerd import ContainerdOptions, configuration, major_release, may_lower_oom_score

_DEADLINE = 30.0


class Containerd:
    """One containerd; `kill` and `start` for tests of what survives it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.socket = base / "containerd.sock"
        self.bridge = f"ktest{os.getpid() % 100000}"
        self._process: subprocess.Popen[bytes] | None = None
        options = ContainerdOptions(
            root=base / "root",
            state=base / "state",
            socket=self.socket,
            cni_conf_dir=base / "net.d",
            cni_bin_dir=Path("/usr/lib/cni"),
            may_lower_oom_score=may_lower_oom_score(),
        )
        (base / "config.toml").write_text(configuration(major_release(), options))
        self._write_network()

    def _write_network(self) -> None:
        subnet = f"10.231.{os.getpid() % 256}.0/24"
        ipam = {"type": "host-local", "dataDir": f"{self.base}/ipam", "ranges": [[{"subnet": subnet}]]}
        plugin = {"type": "bridge", "bridge": self.bridge, "isGateway": True, "ipam": ipam}
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        network = {"cniVersion": "0.4.0", "name": "test", "plugins": [plugin, ports]}
        (self.base / "net.d").mkdir()
        (self.base / "net.d" / "10-test.conflist").write_text(json.dumps(network))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["containerd", "--config", str(self.base / "config.toml"), "--log-level", "warn"]
        with (self.base / "containerd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        probe = ["ctr", "--address", str(self.socket), "version"]
        deadline = time.monotonic() + _DEADLINE
        while subprocess.run(probe, capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, (self.base / "containerd.log").read_text()
            time.sleep(0.05)

    def load_images(self) -> None:
        for path in images.build(self.base):
            image_store.load(self.socket, path)

    def kill(self) -> None:
        """As kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it and whatever it left."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_DEADLINE)
        for pid in self._shims():
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for victim in (*map(int, children), pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
        _unmount_below(self.base)
        subprocess.run(["ip", "link", "delete", self.bridge], check=False, capture_output=True)

    def _shims(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and str(self.socket).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return found


def _unmount_below(base: Path) -> None:
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{base}/")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)


@contextlib.contextmanager
def running_containerd() -> Iterator[Containerd]:
    """A started containerd with the images of the product; nothing of it remains afterwards."""
    base = Path(tempfile.mkdtemp(prefix="ktest-"))
    containerd = Containerd(base)
    try:
        containerd.start()
        containerd.load_images()
        yield containerd
    finally:
        containerd.stop()
        shutil.rmtree(base, ignore_errors=True)
