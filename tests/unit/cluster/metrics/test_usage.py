"""From the text of a kubelet to NodeMetrics and PodMetrics."""

from __future__ import annotations

import pytest

from proa.cluster.kubelet.stats.exposition import Family, render
from proa.cluster.metrics import objects
from proa.cluster.metrics.history import History, usage
from proa.cluster.metrics.readings import Point, parse

POD = ("ns", "p")


def text(at: int, cpu: float, memory: int = 1 << 20, started: float = 0.0, names: str = "c") -> str:
    """A kubelet's answer at a second."""
    families = []
    for metric, value in (("cpu_usage_seconds_total", cpu), ("memory_working_set_bytes", float(memory))):
        node = Family(f"node_{metric}", "gauge", "x")
        node.add({}, value, at * 1_000_000_000)
        containers = Family(f"container_{metric}", "gauge", "x")
        for name in names:
            containers.add({"container": name, "pod": "p", "namespace": "ns"}, value, at * 1_000_000_000)
        families += [node, containers]
    start = Family("container_start_time_seconds", "gauge", "x")
    for name in names:
        start.add({"container": name, "pod": "p", "namespace": "ns"}, started)
    return render([*families, start]) + "resource_scrape_error 0\n"


def test_the_text_is_taken_apart() -> None:
    readings = parse(text(100, 1.5, 4096, 90.0, "ab"))
    assert readings.node == Point(100.0, 1.5, 4096)
    assert readings.pods == {POD: {name: Point(100.0, 1.5, 4096, 90.0) for name in "ab"}}


def test_use_is_what_lies_between_two_readings() -> None:
    history = History(15.0)
    history.note("n", parse(text(100, 10.0)))
    assert (history.node("n"), history.pod(POD)) == (None, {})
    history.note("n", parse(text(115, 11.5, 2 << 20)))
    assert history.node("n") == (115.0, 15.0, 0.1, 2 << 20)
    assert history.pod(POD) == {"c": (115.0, 15.0, 0.1, 2 << 20)}
    history.forget("n")
    assert (history.node("n"), history.pod(POD)) == (None, {})


def test_a_pod_shows_only_with_all_its_containers() -> None:
    history = History(15.0)
    history.note("n", parse(text(100, 10.0, names="a")))
    history.note("n", parse(text(115, 11.5, names="ab")))
    assert history.pod(POD) == {}


def test_a_new_container_is_measured_from_its_start() -> None:
    history = History(15.0)
    history.note("n", parse(text(100, 10.0, names="")))
    history.note("n", parse(text(115, 1.2, started=103.0)))
    assert history.pod(POD)["c"] == pytest.approx((115.0, 12.0, 0.1, 1 << 20))


@pytest.mark.parametrize(
    "before",
    [None, Point(115.0, 1.0, 0), Point(100.0, 3.0, 0), Point(100.0, 1.0, 0)],
    ids=["nothing", "the same moment", "more than now", "before its start"],
)
def test_readings_that_do_not_follow_one_another_say_nothing(before: Point | None) -> None:
    assert usage(before, Point(115.0, 2.0, 0, started=110.0)) is None


@pytest.mark.parametrize(
    ("cores", "shown"), [(0, "0"), (0.1, "100m"), (2, "2"), (0.00015634, "156340n"), (0.0005, "500u")]
)
def test_cores_are_written_as_quantities(cores: float, shown: str) -> None:
    assert objects.format_cores(cores) == shown


def test_objects_and_tables() -> None:
    used = usage(Point(100.0, 1.0, 0), Point(110.5, 3.1, 3 << 20))
    assert used is not None
    pod = {"metadata": {"name": "p", "namespace": "ns", "labels": {"a": "b"}, "uid": "1"}}
    item = objects.pod_metrics(pod, {"c": used, "d": used}, "2026-01-01T00:00:00Z")
    assert item["metadata"] == {
        "name": "p",
        "namespace": "ns",
        "labels": {"a": "b"},
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    assert (item["timestamp"], item["window"]) == ("1970-01-01T00:01:50Z", "10.5s")
    assert item["containers"][0] == {"name": "c", "usage": {"cpu": "200m", "memory": "3Mi"}}
    assert objects.table([item])["rows"][0]["cells"] == ["p", "400m", "6Mi", "10.5s"]
    assert "kind" not in objects.listed("PodMetrics", [item])["items"][0]
