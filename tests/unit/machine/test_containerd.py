from __future__ import annotations

import tomllib
from pathlib import Path

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
