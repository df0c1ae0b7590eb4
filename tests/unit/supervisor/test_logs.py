from __future__ import annotations

from pathlib import Path

from proa.supervisor.logs import rotate


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("12345")
    assert not rotate(log, limit=5)
    assert [path.name for path in tmp_path.iterdir()] == ["part.log"]


def test_a_missing_log_is_no_error(tmp_path: Path) -> None:
    assert not rotate(tmp_path / "part.log")


def test_at_most_three_files_are_kept_newest_first(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    for content in ("first", "second", "third", "fourth"):
        log.write_text(content)
        assert rotate(log, limit=1)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "part.log": "",
        "part.log.1": "fourth",
        "part.log.2": "third",
    }


def test_an_appending_writer_goes_on_in_the_emptied_file(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"before")
        rotate(log, limit=1)
        writer.write(b"after")
    assert log.read_bytes() == b"after"
