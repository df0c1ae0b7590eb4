from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from proa.errors import MissingProgram, UserError
from proa.machine import runtimes
from proa.machine.containerd import ContainerdOptions, configuration

OPTIONS = ContainerdOptions(
    root=Path("/data/agent/n/containerd"),
    state=Path("/run/proa/n/containerd"),
    socket=Path("/run/proa/n/containerd.sock"),
    cni_conf_dir=Path("/data/agent/n/cni/net.d"),
    cni_bin_dir=Path("/data/agent/bin"),
    may_lower_oom_score=False,
)


def test_release_1_reads_version_2() -> None:
    config = tomllib.loads(configuration(1, OPTIONS))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert (config["version"], config["grpc"]["address"]) == (2, "/run/proa/n/containerd.sock")
    assert cri["sandbox_image"] == "docker.io/proa/pause:1"
    assert cri["cni"] == {"bin_dir": "/data/agent/bin", "conf_dir": "/data/agent/n/cni/net.d"}
    assert cri["restrict_oom_score_adj"] is True
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False


def test_release_2_reads_version_3() -> None:
    config = tomllib.loads(configuration(2, OPTIONS))
    runtime = config["plugins"]["io.containerd.cri.v1.runtime"]
    images = config["plugins"]["io.containerd.cri.v1.images"]
    assert config["version"] == 3
    assert images["pinned_images"]["sandbox"] == "docker.io/proa/pause:1"
    assert runtime["cni"] == {"bin_dir": "/data/agent/bin", "conf_dir": "/data/agent/n/cni/net.d"}
    assert runtime["restrict_oom_score_adj"] is True
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False


def test_a_machine_that_may_lowers_oom_scores() -> None:
    options = ContainerdOptions(**{**vars(OPTIONS), "may_lower_oom_score": True})
    config = tomllib.loads(configuration(1, options))
    assert config["plugins"]["io.containerd.grpc.v1.cri"]["restrict_oom_score_adj"] is False


def test_every_runtime_that_there_is_can_be_chosen() -> None:
    found = {"runc": "/usr/sbin/runc", "crun": "/usr/bin/crun"}
    options = ContainerdOptions(**{**vars(OPTIONS), "runtimes": found, "default_runtime": "crun"})
    for release, plugin in ((1, "io.containerd.grpc.v1.cri"), (2, "io.containerd.cri.v1.runtime")):
        told = tomllib.loads(configuration(release, options))["plugins"][plugin]["containerd"]
        assert told["default_runtime_name"] == "crun"
        assert {name: it["options"]["BinaryName"] for name, it in told["runtimes"].items()} == found


def test_crun_refuses_controllers_of_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "installed", lambda: {"runc": "/runc", "crun": "/crun"})
    (tmp_path / "unified").mkdir()
    (tmp_path / "unified" / "cgroup.controllers").write_text("\n")
    runtimes.check("crun", tmp_path)
    (tmp_path / "unified" / "cgroup.controllers").write_text("hugetlb\n")
    runtimes.check("runc", tmp_path)
    with pytest.raises(UserError, match="controllers of both cgroup versions"):
        runtimes.check("crun", tmp_path)


def test_a_runtime_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "installed", lambda: {"runc": "/runc"})
    with pytest.raises(MissingProgram, match="crun"):
        runtimes.check("crun")
