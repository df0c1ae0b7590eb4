"""How many replicas metrics ask for."""

from __future__ import annotations

import pytest

from proa.cluster.controllers.hpa_replicas import Tolerance, by_average, by_total, by_utilization, per_pod
from proa.cluster.controllers.hpa_samples import Groups, MetricsError, Sample, group, requests
from proa.kube import Object

NOW = 1_700_000_000.0
START = "2023-11-14T21:00:00Z"


def pod(name: str, *, ready: bool = True, phase: str = "Running", cpu: str = "1", **metadata: str) -> Object:
    """A pod that has run for over an hour."""
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": START}
    return {
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"phase": phase, "startTime": START, "conditions": [condition]},
    }


def use(*values: int) -> dict[str, Sample]:
    """Samples of pods p0, p1 and so on."""
    return {f"p{n}": Sample(value, NOW) for n, value in enumerate(values)}


@pytest.mark.parametrize(
    ("name", "values", "groups", "replicas", "utilization"),
    [
        ("on target", (500, 500, 500), Groups(3), 3, 50),
        ("within a tenth of it", (540, 540, 540), Groups(3), 3, 54),
        ("above it", (900, 900, 900), Groups(3), 6, 90),
        ("below it", (100, 100, 100), Groups(3), 1, 10),
        ("a pod without a number is idle on the way up", (900, 900), Groups(2, missing={"p2"}), 4, 90),
        ("and fully busy on the way down", (100, 100), Groups(2, missing={"p2"}), 3, 10),
        ("a pod that is not ready is idle", (900, 900, 900), Groups(2, unready={"p2"}), 4, 90),
        ("and does not count on the way down", (100, 100, 900), Groups(2, unready={"p2"}), 1, 10),
        ("a pod that goes does not count at all", (900, 900, 1), Groups(2, ignored={"p2"}), 4, 90),
        ("with whom it may be near its target", (700, 700, 700), Groups(3, missing={"p3"}), 3, 70),
        ("a change of direction is no change", (600, 600), Groups(2, missing={"p2"}), 3, 60),
    ],
)
def test_utilization(
    name: str, values: tuple[int, ...], groups: Groups, replicas: int, utilization: int
) -> None:
    asked = {f"p{n}": 1000 for n in range(4)}
    found = by_utilization(3, 50, use(*values), groups, asked, Tolerance())
    assert (found.replicas, found.utilization) == (replicas, utilization), name


def test_average_total_and_shared_values() -> None:
    assert by_average(3, 1000, use(3000, 3000, 3000), Groups(3), Tolerance()).replicas == 9
    assert by_average(3, 1000, use(200, 200), Groups(2, missing={"p2"}), Tolerance()).replicas == 2
    pods = [pod("p0"), pod("p1"), pod("p2", ready=False)]
    assert by_total(3, 1000, 2500, pods, Tolerance()) == (5, 2500, None)
    assert by_total(0, 1000, 2500, [], Tolerance()).replicas == 3
    assert per_pod(2, 1000, 5000, Tolerance())[:2] == (5, 2500)
    assert per_pod(5, 1000, 5100, Tolerance()).replicas == 5


def test_tolerance_can_be_narrower_or_wider() -> None:
    assert by_average(2, 1000, use(1050, 1050), Groups(2), Tolerance(0.1, 0.01)).replicas == 3
    assert by_average(2, 1000, use(1500, 1500), Groups(2), Tolerance(0.1, 0.6)).replicas == 2


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(MetricsError, match="did not receive metrics for targeted pods"):
        by_average(1, 1000, use(5), Groups(unready={"p0"}), Tolerance())


def test_pods_are_told_apart() -> None:
    pods = [
        pod("p0"),
        pod("p1", deletionTimestamp=START),
        pod("p2", phase="Pending"),
        pod("p3", phase="Failed"),
        pod("p4"),
        pod("p5", ready=False),
    ]
    samples = use(1, 1, 1, 1) | {"p5": Sample(1, NOW)}
    found = group(pods, samples, "cpu", NOW)
    assert (found.ready, found.unready, found.missing) == (1, {"p2", "p5"}, {"p4"})
    assert found.ignored == {"p1", "p3"}
    assert group(pods, samples, "memory", NOW).unready == {"p2"}


def test_requests_are_those_of_all_long_running_containers() -> None:
    whole = pod("p0", cpu="500m")
    sidecar = {"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}}
    whole["spec"]["initContainers"] = [sidecar, {"name": "setup"}]
    assert requests([whole], "cpu") == {"p0": 600}
    assert requests([whole], "cpu", "s") == {"p0": 100}
    with pytest.raises(MetricsError, match="missing request for memory in container c of Pod p0"):
        requests([whole], "memory")
    with pytest.raises(MetricsError, match="container x not found in Pod p0"):
        requests([whole], "cpu", "x")
    whole["spec"]["resources"] = {"requests": {"cpu": "2"}}
    assert requests([whole], "cpu") == {"p0": 2000}
