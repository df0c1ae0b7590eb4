"""How long a part that died waits before its next start."""

from __future__ import annotations

from typing import NamedTuple


class Backoff(NamedTuple):
    """Doubles from `first` to `limit` seconds, and begins anew after `steady` seconds up."""

    first: float = 0.2
    limit: float = 5.0
    steady: float = 10.0

    def after(self, previous: float, uptime: float) -> float:
        """The delay after a run of `uptime` seconds that had itself waited `previous`; 0 is a first run."""
        if previous == 0 or uptime >= self.steady:
            return self.first
        return min(previous * 2, self.limit)
