"""When and in which steps history is forgotten. Clocks that jump do no harm: time is monotonic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

STEP = 500


class Marks:
    """Which revision was the newest at which time."""

    def __init__(self, keep_seconds: float) -> None:
        self._keep = keep_seconds
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, now: float, revision: int) -> None:
        """Note the newest revision of this moment."""
        self._marks.append((now, revision))

    def expired(self, now: float) -> int:
        """The newest revision that was reached longer ago than history is kept; 0: none."""
        revision = 0
        while self._marks and self._marks[0][0] <= now - self._keep:
            revision = self._marks.popleft()[1]
        return revision


def steps(after: int, until: int) -> Iterator[tuple[int, int]]:
    """Spans (after, end] of at most STEP revisions that lead up to `until`."""
    while after < until:
        end = min(after + STEP, until)
        yield after, end
        after = end
