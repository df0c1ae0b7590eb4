"""Log files that are moved aside, compressed and deleted."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.kubelet.logs.files import LogLimits, aside, move_aside, next_look, sizes, tidy

MIB = 1024 * 1024
LOG = "0.log"
LIMITS = LogLimits()


@pytest.mark.parametrize(
    ("now", "before", "seconds"),
    [
        (0, 0, 2.0),
        (5 * MIB, 5 * MIB, 2.0),
        (6 * MIB, 5 * MIB, 2.0),
        (8 * MIB, 4 * MIB, 0.5),
        (100 * MIB, 0, 0.25),
        (4 * MIB, 12 * MIB, 1.5),
    ],
    ids=["empty", "quiet", "slow", "fast", "a flood", "moved aside meanwhile"],
)
def test_fast_logs_are_looked_at_sooner(now: int, before: int, seconds: float) -> None:
    assert next_look({LOG: now}, {LOG: before}, 1.0, 10 * MIB) == pytest.approx(seconds)


@given(st.dictionaries(st.sampled_from([LOG, "1.log"]), st.integers(0, 10**10)), st.integers(0, 10**10))
def test_the_pause_has_bounds(now: dict[str, int], before: int) -> None:
    assert 0.25 <= next_look(now, dict.fromkeys(now, before), 0.5, 10 * MIB) <= 2.0


def test_only_logs_that_are_written_are_measured(tmp_path: Path) -> None:
    folder = tmp_path / "pod" / "main"
    folder.mkdir(parents=True)
    (folder / "0.log").write_bytes(b"abc")
    (folder / "0.log.20260101-000000-000").write_bytes(b"abcd")
    assert sizes(tmp_path) == {str(folder / "0.log"): 3}


def test_a_pod_may_go_while_logs_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pod in ("gone", "pod"):
        (tmp_path / pod / "main").mkdir(parents=True)
        (tmp_path / pod / "main" / "0.log").write_bytes(b"abc")
    listed = os.listdir

    def racing(path: str | Path) -> Any:
        if "gone" in str(path):
            shutil.rmtree(tmp_path / "gone", ignore_errors=True)
        return listed(path)

    monkeypatch.setattr(os, "listdir", racing)
    assert sizes(tmp_path) == {str(tmp_path / "pod" / "main" / "0.log"): 3}


def test_what_is_moved_aside_is_compressed_but_for_the_newest(tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    for number in range(3):
        log.write_text(f"log {number}")
        move_aside(log, 5, str(number))
    tidy(log, LIMITS)
    assert [path.name for path in aside(log)] == ["0.log.0.gz", "0.log.1.gz", "0.log.2"]
    assert gzip.decompress((tmp_path / "0.log.0.gz").read_bytes()) == b"log 0"


@pytest.mark.parametrize("most", [2, 3, 5])
def test_there_are_never_more_files_than_allowed(tmp_path: Path, most: int) -> None:
    log = tmp_path / "0.log"
    for number in range(9):
        log.write_text("x")
        move_aside(log, most, str(number))
        assert len(aside(log)) == min(number + 1, most - 1)
    assert [path.name for path in aside(log)][-1] == "0.log.8"


def test_logs_of_the_same_second_do_not_replace_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, now = tmp_path / "0.log", 1_700_000_000_000_000_000
    for number in range(2):
        monkeypatch.setattr("time.time_ns", lambda number=number: now + number * 250_000_000)
        log.write_text(str(number))
        move_aside(log, 5)
    assert [path.name for path in aside(log)] == ["0.log.20231114-221320-000", "0.log.20231114-221320-250"]


def test_a_flood_leaves_no_more_than_quiet_logs_would(tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    for number, size in enumerate((15 * MIB, 30 * MIB, 20 * MIB)):
        path = log.with_name(f"0.log.{number}.gz")
        with path.open("wb") as file:
            file.truncate(size)
    tidy(log, LIMITS)
    assert [path.name for path in aside(log)] == ["0.log.2.gz"]


def test_the_newest_stays_however_large(tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    with log.with_name("0.log.0").open("wb") as file:
        file.truncate(100 * MIB)
    tidy(log, LIMITS)
    assert [path.name for path in aside(log)] == ["0.log.0"]
