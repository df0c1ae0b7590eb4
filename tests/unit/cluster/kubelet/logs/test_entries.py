"""The CRI's log format."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proa.cluster.kubelet.logs.entries import (
    Entry,
    parse_entry,
    parse_log_time,
    read_entries,
    tail_offset,
    tail_text,
)

TIME = b"2026-01-02T03:04:05.123456789Z"


def log(*lines: tuple[str, str]) -> bytes:
    return b"".join(b"%s stdout %s %s\n" % (TIME, tag.encode(), text.encode()) for tag, text in lines)


THREE = log(("F", "one"), ("P", "tw"), ("F", "o"), ("F", "three"))


def test_an_entry() -> None:
    assert parse_entry(TIME + b" stderr F a b  c\n") == Entry(TIME, b"stderr", b"a b  c\n")
    assert parse_entry(TIME + b" stderr P part\n") == Entry(TIME, b"stderr", b"part")
    assert parse_entry(TIME + b" stdout F \n") == Entry(TIME, b"stdout", b"\n")
    assert parse_entry(b"nonsense\n") is None


def test_times_with_and_without_zone() -> None:
    expected = datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)
    assert parse_log_time(TIME) == expected
    assert parse_log_time(b"2026-01-02T04:04:05.123456789+01:00") == expected
    assert parse_log_time(b"2026-01-02T03:04:05Z") == expected.replace(microsecond=0)


def test_only_complete_lines_are_read() -> None:
    file = io.BytesIO(THREE + TIME + b" stdout F unfin")
    assert b"".join(entry.text for entry in read_entries(file)) == b"one\ntwo\nthree\n"
    assert file.tell() == len(THREE)


def test_what_is_written_meanwhile_is_not_read() -> None:
    file = io.BytesIO(THREE + THREE)
    assert b"".join(entry.text for entry in read_entries(file, len(THREE))) == b"one\ntwo\nthree\n"
    assert file.tell() == len(THREE)


TAILS = {0: b"", 1: b"three\n", 2: b"two\nthree\n", 3: b"one\ntwo\nthree\n", 9: b"one\ntwo\nthree\n"}


@pytest.mark.parametrize(("lines", "text"), TAILS.items())
def test_tail_counts_whole_lines(lines: int, text: bytes) -> None:
    file = io.BytesIO(THREE)
    file.seek(tail_offset(file, lines, len(THREE)))
    assert b"".join(entry.text for entry in read_entries(file)) == text


def test_tail_of_a_file_larger_than_a_block() -> None:
    file = io.BytesIO(log(*(("F", f"line {number}") for number in range(5000))))
    file.seek(tail_offset(file, 3, len(file.getvalue())))
    assert [entry.text for entry in read_entries(file)] == [b"line 4997\n", b"line 4998\n", b"line 4999\n"]


def test_the_tail_of_no_file_is_empty(tmp_path: Path) -> None:
    assert tail_text(tmp_path / "absent.log", 5) == ""
