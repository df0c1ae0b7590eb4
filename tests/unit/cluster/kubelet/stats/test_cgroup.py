"""Readings of cgroups on both hierarchies."""

from pathlib import Path

from proa.cluster.kubelet.stats.cgroup import CgroupReader, flat_keyed, memory_v1

_STAT_V1 = "cache 1\nrss 2\ntotal_rss 4096\ntotal_inactive_file 100\ntotal_pgfault 7\ntotal_pgmajfault 1\n"
_STAT_V2 = "anon 4096\nfile 10\ninactive_file 100\npgfault 7\npgmajfault 1\n"


def _write(top: Path, **files: str) -> None:
    for name, text in files.items():
        path = top / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _version_1(mount: Path) -> None:
    _write(mount / "cpuacct" / "a", cpuacct__usage="12345\n")
    _write(
        mount / "memory" / "a",
        memory__usage_in_bytes="1000\n",
        memory__limit_in_bytes="2048\n",
        memory__stat=_STAT_V1,
        cgroup__procs="12\n13\n",
    )
    _write(mount / "pids" / "a", pids__current="2\n")


def _version_2(mount: Path) -> None:
    _write(mount, cgroup__controllers="cpu memory\n")
    _write(
        mount / "a",
        cpu__stat="usage_usec 12\nuser_usec 1\n",
        memory__current="1000\n",
        memory__max="max\n",
        memory__stat=_STAT_V2,
        pids__current="2\n",
        cgroup__procs="12\n13\n",
    )


def test_version_1(tmp_path: Path) -> None:
    _version_1(tmp_path)
    usage = CgroupReader(tmp_path).read("/a")
    assert usage is not None
    assert (usage.cpu, usage.processes) == (12345, 2)
    assert (usage.memory.usage, usage.memory.working_set, usage.memory.rss) == (1000, 900, 4096)
    assert (usage.memory.page_faults, usage.memory.major_page_faults, usage.memory.limit) == (7, 1, 2048)
    assert CgroupReader(tmp_path).processes("/a") == [12, 13]


def test_version_2(tmp_path: Path) -> None:
    _version_2(tmp_path)
    usage = CgroupReader(tmp_path).read("/a")
    assert usage is not None
    assert (usage.cpu, usage.processes) == (12000, 2)
    assert (usage.memory.usage, usage.memory.working_set, usage.memory.rss) == (1000, 900, 4096)
    assert usage.memory.limit is None
    assert CgroupReader(tmp_path).processes("/a") == [12, 13]


def test_a_cgroup_that_is_gone(tmp_path: Path) -> None:
    _version_2(tmp_path)
    assert CgroupReader(tmp_path).read("/b") is None
    assert CgroupReader(tmp_path).processes("/b") == []


def test_the_kernels_largest_limit_means_none() -> None:
    assert memory_v1(1, 9223372036854771712, {}).limit is None


def test_a_working_set_is_never_negative() -> None:
    assert memory_v1(1, 0, {"total_inactive_file": 5}).working_set == 0


def test_flat_keyed_files() -> None:
    assert flat_keyed("a 1\nb 2\n") == {"a": 1, "b": 2}
