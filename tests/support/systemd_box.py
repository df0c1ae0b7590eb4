"""A machine with systemd on this one: its files below an overlay, and namespaces and cgroups of its own.

What it writes goes to a folder that ends with it. A boot after a crash finds what was written before.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

SYSTEMD = Path("/lib/systemd/systemd")
_SOURCE = Path(__file__).parents[2]
_CGROUPS = Path("/sys/fs/cgroup")
_GROUP = "proa-box"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EMPTIED = ("etc/systemd/system", "etc/init.d")
"""So that what this machine would start at boot is not started there."""
_JOIN = f"""
for procs in {_CGROUPS}/{_GROUP}/cgroup.procs {_CGROUPS}/*/{_GROUP}/cgroup.procs; do
  if [ -e "$procs" ]; then echo $$ > "$procs"; fi
done
exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child sh -ec "$BOOT"
"""
_BOOT = """
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$BOX/upper,workdir=$BOX/work" "$BOX/root"
cd "$BOX/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
if [ "$CONTROLLERS" ]; then
  mount -t tmpfs tmpfs sys/fs/cgroup -o mode=755
  for controller in $CONTROLLERS; do
    mkdir "sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "sys/fs/cgroup/$controller"
  done
  mkdir sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
else
  mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p ".$SOURCE"
mount --bind "$SOURCE" ".$SOURCE"
mount --bind "$BOX/data" var/lib/proa
ip link set lo up
ip link add uplink type veth peer name outside
ip link set outside up
ip address add 192.0.2.10/24 dev uplink
ip link set uplink up
ip route add default via 192.0.2.1
pivot_root . mnt
cd /
umount -l mnt
exec /usr/bin/env -i container=box "PATH=$PATH" /lib/systemd/systemd --system --unit=multi-user.target
"""


class SystemdBox:
    """`home` is an empty folder of a file system on which an overlay may be."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._console = home / "console.log"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("work", "root", "data", "upper/var/lib/proa"):
            (home / name).mkdir(parents=True)
        for name in _EMPTIED:
            (home / "upper" / name).mkdir(parents=True)
            os.setxattr(home / "upper" / name, "trusted.overlay.opaque", b"y")
        (home / "upper/etc/fstab").touch()
        (home / "upper/etc/hostname").write_text("box\n")

    def boot(self) -> None:
        """Returns when systemd has started what it starts."""
        for group in _groups():
            group.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if (group / name).exists() and (group / "cgroup.clone_children").exists():
                    (group / name).write_text((group.parent / name).read_text())
        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                ["sh", "-ec", _JOIN], env=self._environment(), stdout=console, stderr=console
            )
        deadline = time.monotonic() + 60
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"systemd does not start: {self._console.read_text()[-2000:]}")
            time.sleep(0.2)

    def crash(self) -> None:
        """The power goes."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        for group in _groups():
            for folder, _, _ in os.walk(group, topdown=False):
                _remove(Path(folder))

    def remove(self) -> None:
        self.crash()
        shutil.rmtree(self._home)

    def run(self, command: str, *, check: bool = True) -> str:
        """What a shell command says there; AssertionError when it fails."""
        inside = ["nsenter", f"--target={self._first()}", "--all", "--root", "--wd"]
        told = [f"PATH={_PATH}", "HOME=/root", f"PYTHONPATH={_SOURCE}/src", "KUBECONFIG=/etc/proa/kubeconfig"]
        result = subprocess.run(
            [*inside, "env", "-i", *told, "sh", "-c", f"cd {_SOURCE}\n{command}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        if check and result.returncode:
            raise AssertionError(f"{command}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout + result.stderr

    def _is_up(self) -> bool:
        with contextlib.suppress(OSError, IndexError):  # its first process is not there yet
            return self.run("systemctl is-system-running", check=False).strip() in {"running", "degraded"}
        return False

    def _first(self) -> int:
        """The process that is systemd."""
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return int(children.split()[0])

    def _environment(self) -> dict[str, str]:
        controllers = " ".join(
            path.name for path in _hierarchies() if path.name not in {"systemd", "unified"}
        )
        box = {"BOX": str(self._home), "BOOT": _BOOT, "CONTROLLERS": controllers}
        return {"PATH": _PATH, "SOURCE": str(_SOURCE), **box}


def _hierarchies() -> list[Path]:
    """Those of cgroups of version 1; none where there is version 2 alone."""
    if (_CGROUPS / "cgroup.controllers").exists():
        return []
    return [path for path in _CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def _groups() -> list[Path]:
    return [parent / _GROUP for parent in _hierarchies() or [_CGROUPS]]


def _remove(group: Path) -> None:
    """Remove a cgroup as soon as what was killed in it is gone."""
    for _ in range(100):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.02)
        else:
            return
