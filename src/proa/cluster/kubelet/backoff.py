"""Exponential delays per key, forgotten after a quiet time (source: client-go util/flowcontrol)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Delays that double from `first` to `longest` seconds. Times are seconds on the caller's clock."""

    first: float = 10.0
    longest: float = 300.0
    _entries: dict[str, tuple[float, float]] = field(default_factory=dict)

    def delay(self, key: str) -> float:
        """The present delay; 0 before the first failure."""
        return self._entries.get(key, (0.0, 0.0))[0]

    def remaining(self, key: str, since: float, now: float) -> float:
        """Seconds until the next attempt is due, counted from `since`; 0 when it is due.

        Never more than the delay, also when `since` lies ahead, as after a clock that was set back.
        """
        delay, updated = self._entries.get(key, (0.0, 0.0))
        if not delay or now - updated > 2 * self.longest:
            return 0.0
        return min(delay, max(0.0, since + delay - now))

    def step(self, key: str, now: float) -> None:
        """Note an attempt: the next failure waits twice as long, the first after a quiet time `first`."""
        delay, updated = self._entries.get(key, (0.0, 0.0))
        quiet = not delay or now - updated > 2 * self.longest
        self._entries[key] = (self.first if quiet else min(2 * delay, self.longest), now)

    def seed(self, key: str, failures: int, now: float) -> None:
        """Go on from an earlier life in which the key had failed so often; does nothing for a known key."""
        if failures and key not in self._entries:
            delay = self.first * 2 ** min(failures - 1, 16)
            self._entries[key] = (min(delay, self.longest), now)

    def forget(self, key: str) -> None:
        """Drop a key after success or when its owner is gone."""
        self._entries.pop(key, None)


def duration(seconds: float) -> str:
    """Seconds as Kubernetes prints them: 10s, 1m20s, 5m0s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
