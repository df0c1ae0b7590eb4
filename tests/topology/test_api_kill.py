"""`kill -9` of an API server under a load of writes, with watchers (more: benchmarks/api/kill.py)."""

from __future__ import annotations

from pathlib import Path

from support.killing import survive


async def test_nothing_answered_is_lost_and_no_event(tmp_path: Path) -> None:
    survived = await survive(tmp_path, 10)

    assert survived.writes > 100
    assert survived.events >= survived.writes
