"""Results of probes as `/metrics/probes` (source: pkg/kubelet/prober/prober_manager.go). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.kubelet.pods import pod_name
from proa.cluster.kubelet.probes import Probed
from proa.cluster.kubelet.stats.exposition import Family

_RESULTS = {True: "successful", False: "failed", None: "unknown"}


def probe_results(containers: Iterable[Probed]) -> Family:
    """How often each probe of these containers has given each result."""
    total = Family(
        "prober_probe_total",
        "counter",
        "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.",
    )
    for probed in containers:
        name = pod_name(probed.pod)
        whose = {"container": probed.spec["name"], "namespace": name.namespace, "pod": name.name}
        for (kind, result), number in probed.results.items():
            about = {"probe_type": kind.capitalize(), "result": _RESULTS[result], "pod_uid": name.uid}
            total.add(whose | about, number)
    return total
