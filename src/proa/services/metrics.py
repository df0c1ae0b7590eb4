"""What the service proxy counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)

SYNC_SECONDS = Histogram(
    "proa_services_sync_seconds", "Time from noted changes to rules in the kernel", buckets=_BUCKETS
)
FRONTENDS = Gauge("proa_services_frontends", "Addresses that Services have on this node")
FAILURES = Counter("proa_services_failures", "Transactions that the kernel refused")
