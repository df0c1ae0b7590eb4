"""When history is forgotten."""

from __future__ import annotations

from proa.cluster.store.compaction import STEP, Marks, steps


def test_only_what_was_reached_long_ago_is_forgotten() -> None:
    marks = Marks(keep_seconds=300)
    for now, revision in ((0.0, 10), (100.0, 20), (200.0, 30)):
        marks.add(now, revision)

    assert marks.expired(299.0) == 0
    assert marks.expired(405.0) == 20
    assert marks.expired(405.0) == 0
    assert marks.expired(600.0) == 30


def test_steps_are_small_and_meet() -> None:
    spans = list(steps(7, 7 + STEP + 1))

    assert spans == [(7, 7 + STEP), (7 + STEP, 7 + STEP + 1)]
    assert list(steps(7, 7)) == []
