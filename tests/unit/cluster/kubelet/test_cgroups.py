"""cgroups of both hierarchies, in a folder that looks like one."""

from pathlib import Path

import pytest

from proa.cluster.kubelet.cgroups import Cgroups
from proa.cluster.kubelet.resources import Limits

LIMITS = Limits(cpu_shares=512, cpu_quota=50_000, memory=64 << 20)
POD = "/proa/n/burstable/podu"


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    for name in ("cpu", "memory", "cpuset"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    for file, value in (("cpus", "0-1"), ("mems", "0")):
        (tmp_path / "cpuset" / f"cpuset.{file}").write_text(value)
    return tmp_path


def test_version_1_has_a_directory_in_each_controller(v1: Path) -> None:
    for file in (
        "cpu/cpu.shares",
        "cpu/cpu.cfs_quota_us",
        "cpu/cpu.cfs_period_us",
        "memory/memory.limit_in_bytes",
    ):
        controller, _, name = file.partition("/")
        target = v1 / controller / POD.lstrip("/") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    Cgroups(v1).ensure(POD, LIMITS)
    assert (v1 / f"cpu{POD}/cpu.shares").read_text() == "512"
    assert (v1 / f"cpu{POD}/cpu.cfs_quota_us").read_text() == "50000"
    assert (v1 / f"memory{POD}/memory.limit_in_bytes").read_text() == str(64 << 20)
    assert (v1 / f"cpuset{POD}/cpuset.cpus").read_text() == "0-1"
    assert (v1 / f"cpuset{POD}/cpuset.mems").read_text() == "0"


def test_version_2_hands_controllers_down(tmp_path: Path) -> None:
    directory = tmp_path
    for part in ("", *POD.strip("/").split("/")):
        directory /= part
        directory.mkdir(exist_ok=True)
        (directory / "cgroup.controllers").write_text("cpu memory rdma")
        (directory / "cgroup.subtree_control").write_text("memory")
        (directory / "cpu.max").touch()
        (directory / "cpu.weight").touch()
        (directory / "memory.max").touch()
    Cgroups(tmp_path).ensure(POD, LIMITS)
    assert (tmp_path / "proa/n/burstable/cgroup.subtree_control").read_text() == "+cpu"
    pod = tmp_path / POD.lstrip("/")
    assert (pod / "cgroup.subtree_control").read_text() == "memory"
    assert (pod / "cpu.max").read_text() == "50000 100000"
    assert (pod / "memory.max").read_text() == str(64 << 20)
    assert (pod / "cpu.weight").read_text() == "20"


def test_removal_and_listing(v1: Path) -> None:
    for name in ("cpu", "memory"):
        (v1 / name / POD.lstrip("/") / "container").mkdir(parents=True)
    cgroups = Cgroups(v1)
    assert cgroups.children("/proa/n/burstable") == {"podu"}
    assert cgroups.remove(POD)
    assert cgroups.children("/proa/n/burstable") == set()
    assert cgroups.remove(POD)
