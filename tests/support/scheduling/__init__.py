"""Random clusters and pods that wait, put to kube-scheduler and to ours: the same nodes must fit, or the same
must be said.

`worlds` makes them up, `making` makes them real on an API server, `ours` asks our scheduler, and
scripts/record-scheduling asks kube-scheduler and keeps what it answered.
"""

from __future__ import annotations
