"""Readings by the names and labels of cAdvisor, and results of probes."""

from collections import Counter

from proa.cluster.kubelet.pods import PodName
from proa.cluster.kubelet.probes import Probed
from proa.cluster.kubelet.stats.cadvisor import cadvisor_metrics
from proa.cluster.kubelet.stats.cgroup import CgroupUsage, MemoryUsage, Throttling
from proa.cluster.kubelet.stats.exposition import render
from proa.cluster.kubelet.stats.filesystem import Filesystem
from proa.cluster.kubelet.stats.network import Interface
from proa.cluster.kubelet.stats.probe_results import probe_results
from proa.cluster.kubelet.stats.values import ContainerUsage, NodeUsage, PodUsage, Reading
from support.kubelet_objects import pod, spec_of

_AT = 1_700_000_000_500_000_000
_DISK = Filesystem(1000, 400, 500, 100, 90)


def _reading(memory: int) -> Reading:
    usage = CgroupUsage(1_500_000_000, MemoryUsage(memory + 10, memory, memory - 5, 3, 1, 300, cache=7), 4)
    return Reading(_AT, usage, None)


def _lines() -> set[str]:
    web = ContainerUsage(
        "web",
        "abc",
        _AT,
        _reading(100),
        cgroup="/k/u/abc",
        image="shop:1",
        throttling=Throttling(9, 2, 10**8),
    )
    links = [Interface("eth0", 1, 2, 3, 4, 5, 6, 7, 8)]
    found = PodUsage(PodName("ns", "p", "u"), "", _reading(120), [web], links, cgroup="/k/u")
    node = NodeUsage("n", _AT, _AT, 10_000, _reading(900), (), _DISK, _DISK, False, 33, 5, 4096, [found], 2)
    return {line.rpartition(" 1700000000500")[0] or line for line in cadvisor_metrics(node).splitlines()}


def test_a_container_has_the_labels_that_dashboards_choose_by() -> None:
    whose = 'container="web",{}id="/k/u/abc",image="shop:1",name="abc",namespace="ns",pod="p"'
    labels, lines = whose.format(""), _lines()
    assert f"container_memory_working_set_bytes{{{labels}}} 100" in lines
    assert f"container_memory_cache{{{labels}}} 7" in lines
    assert f"container_spec_memory_limit_bytes{{{labels}}} 300" in lines
    assert f"container_start_time_seconds{{{labels}}} 1700000000.5" in lines
    assert f"container_cpu_cfs_throttled_periods_total{{{labels}}} 2" in lines
    total = whose.format('cpu="total",')
    assert f"container_cpu_usage_seconds_total{{{total}}} 1.5" in lines


def test_pods_and_the_machine_have_empty_labels_for_what_they_are_not() -> None:
    lines = _lines()
    own = 'container="",id="/k/u",image="",{}name="",namespace="ns",pod="p"'
    assert f"container_memory_rss{{{own.format('')}}} 115" in lines
    link = own.format('interface="eth0",')
    assert f"container_network_transmit_packets_dropped_total{{{link}}} 8" in lines
    root = 'container="",id="/",image="",name="",namespace="",pod=""'
    assert f"container_memory_working_set_bytes{{{root}}} 900" in lines
    assert {"machine_cpu_cores 2", "machine_memory_bytes 10000"} <= lines


def test_results_of_probes() -> None:
    probed = Probed(pod(), spec_of("web"), "abc", ())
    probed.results = Counter({("liveness", True): 3, ("readiness", None): 1})
    text = render([probe_results([probed])])
    assert 'container="web",' in text
    assert 'probe_type="Liveness",result="successful"} 3\n' in text
    assert 'probe_type="Readiness",result="unknown"} 1\n' in text
