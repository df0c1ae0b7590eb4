"""What the pod network counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

CNI_SECONDS = Histogram(
    "proa_network_cni_seconds", "Time of a CNI command in the daemon", ["command", "code"], buckets=_BUCKETS
)
ADDRESSES_USED = Gauge("proa_network_addresses_used", "Addresses that pods hold", ["subnet"])
ADDRESSES_TOTAL = Gauge("proa_network_addresses", "Addresses that pods can have", ["subnet"])
PEERS = Gauge("proa_network_peers", "Other nodes whose ranges are reached")
CHANGES = Counter("proa_network_changes", "Kernel entries that were put in or taken out")
FAILURES = Counter("proa_network_failures", "Attempts to make the kernel's state so that failed")
READY = Gauge("proa_network_ready", "1 when pods can be attached")
