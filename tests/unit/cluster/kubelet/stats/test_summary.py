"""Readings become the kubelet's summary and its metrics."""

from proa.cluster.kubelet.pods import PodName
from proa.cluster.kubelet.stats.cgroup import CgroupUsage, MemoryUsage
from proa.cluster.kubelet.stats.exposition import (
    Family,
    kubelet_metrics,
    render,
    resource_metrics,
)
from proa.cluster.kubelet.stats.filesystem import DirectoryUsage, Filesystem
from proa.cluster.kubelet.stats.network import Interface, parse_net_dev
from proa.cluster.kubelet.stats.summary import summary
from proa.cluster.kubelet.stats.values import ContainerUsage, NodeUsage, PodUsage, Reading, VolumeUsage

_AT = 1_700_000_000_500_000_000
_DISK = Filesystem(capacity=1000, available=400, used=500, inodes=100, inodes_free=90)


def _reading(cpu: int, memory: int, limit: int | None = None) -> Reading:
    usage = CgroupUsage(cpu, MemoryUsage(memory + 10, memory, memory - 5, 3, 1, limit), 4)
    return Reading(_AT, usage, 250_000_000)


def _node() -> NodeUsage:
    container = ContainerUsage(
        "web", "id", _AT, _reading(1_500_000_000, 100, 300), DirectoryUsage(7, 1), DirectoryUsage(8, 2)
    )
    volumes = [
        VolumeUsage("data", DirectoryUsage(50, 5), _DISK, claim="c"),
        VolumeUsage("scratch", DirectoryUsage(60, 6), _DISK, ephemeral=True),
    ]
    pod = PodUsage(
        PodName("ns", "p", "u"),
        "2023-11-14T00:00:00Z",
        _reading(2_000_000_000, 120),
        [container],
        [Interface("eth0", 1, 2, 3, 4)],
        volumes,
    )
    return NodeUsage("n", _AT, _AT, 10_000, _reading(9, 900), (), _DISK, _DISK, False, 33, 5, 4096, [pod])


def test_the_node() -> None:
    node = summary(_node())["node"]
    assert node["nodeName"] == "n"
    assert node["cpu"] == {
        "time": "2023-11-14T22:13:20Z",
        "usageNanoCores": 250_000_000,
        "usageCoreNanoSeconds": 9,
    }
    assert node["memory"]["availableBytes"] == 9100
    assert node["fs"]["usedBytes"] == 500
    assert node["runtime"]["imageFs"]["usedBytes"] == 33
    assert (node["rlimit"]["maxpid"], node["rlimit"]["curproc"]) == (4096, 5)


def test_a_pod() -> None:
    (pod,) = summary(_node())["pods"]
    assert pod["podRef"] == {"name": "p", "namespace": "ns", "uid": "u"}
    assert pod["memory"]["workingSetBytes"] == 120
    assert "availableBytes" not in pod["memory"]
    assert pod["network"]["name"] == "eth0"
    assert pod["network"]["interfaces"][0]["txErrors"] == 4
    assert pod["ephemeral-storage"]["usedBytes"] == 60 + 7 + 8
    assert pod["process_stats"] == {"process_count": 4}
    data, scratch = pod["volume"]
    assert data["pvcRef"] == {"name": "c", "namespace": "ns"}
    assert (data["usedBytes"], data["capacityBytes"]) == (50, 1000)
    assert "pvcRef" not in scratch


def test_a_container() -> None:
    (container,) = summary(_node())["pods"][0]["containers"]
    assert container["memory"]["availableBytes"] == 200
    assert container["rootfs"]["usedBytes"] == 8
    assert container["logs"]["usedBytes"] == 7


def test_only_processor_and_memory() -> None:
    small = summary(_node(), only_cpu_and_memory=True)
    assert set(small["node"]) == {"nodeName", "startTime", "cpu", "memory"}
    assert set(small["pods"][0]["containers"][0]) == {"name", "startTime", "cpu", "memory"}


def test_resource_metrics() -> None:
    lines = resource_metrics(_node()).splitlines()
    names = 'container="web",namespace="ns",pod="p"'
    assert f"container_cpu_usage_seconds_total{{{names}}} 1.5 1700000000500" in lines
    assert f"container_memory_working_set_bytes{{{names}}} 100 1700000000500" in lines
    assert f"container_start_time_seconds{{{names}}} 1700000000.5" in lines
    assert 'pod_cpu_usage_seconds_total{namespace="ns",pod="p"} 2 1700000000500' in lines
    assert "node_memory_working_set_bytes 900 1700000000500" in lines
    assert "resource_scrape_error 0" in lines
    assert "# TYPE container_cpu_usage_seconds_total counter" in lines


def test_a_failed_scrape_says_so() -> None:
    assert [line for line in resource_metrics(None).splitlines() if not line.startswith("#")] == [
        "resource_scrape_error 1"
    ]


def test_volume_metrics_name_the_claim() -> None:
    text = kubelet_metrics(_node(), "v1")
    assert 'kubelet_volume_stats_used_bytes{namespace="ns",persistentvolumeclaim="c"} 50\n' in text
    assert 'kubernetes_build_info{git_version="v1"} 1\n' in text
    assert 'kubelet_node_name{node="n"} 1\n' in text


def test_labels_are_escaped() -> None:
    family = Family("m", "gauge", "h")
    family.add({"l": 'a"b\\c\n'}, 1)
    assert 'm{l="a\\"b\\\\c\\n"} 1\n' in render([family])


def test_counters_of_interfaces() -> None:
    text = (
        "Inter-|   Receive    |  Transmit\n face |bytes packets errs drop |bytes\n"
        "    lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\n  eth0: 1 5 2 0 0 0 0 0 3 7 4 0 0 0 0 0\n"
    )
    assert parse_net_dev(text) == [Interface("eth0", 1, 2, 3, 4, 5, 0, 7, 0)]
