"""Files that change all at once."""

from pathlib import Path

import pytest

from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.atomic import File, write_payload

ONE = {"a": File(b"1"), "deep/b": File(b"2", 0o400)}


def names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir() if not entry.name.startswith("..")}


def test_files_are_reached_through_one_link(tmp_path: Path) -> None:
    assert write_payload(tmp_path, ONE)
    assert (tmp_path / "a").read_bytes() == b"1"
    assert (tmp_path / "deep" / "b").stat().st_mode & 0o777 == 0o400
    assert (tmp_path / "a").readlink() == Path("..data/a")
    assert names(tmp_path) == {"a", "deep"}


def test_the_same_files_are_not_written_again(tmp_path: Path) -> None:
    write_payload(tmp_path, ONE)
    before = (tmp_path / "..data").readlink()
    assert not write_payload(tmp_path, dict(ONE))
    assert (tmp_path / "..data").readlink() == before


def test_a_change_swaps_all_and_leaves_no_old_files(tmp_path: Path) -> None:
    write_payload(tmp_path, ONE)
    assert write_payload(tmp_path, {"a": File(b"9"), "c": File(b"3")})
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "c").read_bytes()) == (b"9", b"3")
    assert names(tmp_path) == {"a", "c"}
    assert len([e for e in tmp_path.iterdir() if e.is_dir() and not e.is_symlink()]) == 1


def test_no_files_at_all(tmp_path: Path) -> None:
    write_payload(tmp_path, ONE)
    write_payload(tmp_path, {})
    assert names(tmp_path) == set()


@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../../b", "..data", "..a/b"])
def test_paths_that_would_leave_the_volume(tmp_path: Path, path: str) -> None:
    with pytest.raises(VolumeProblem):
        write_payload(tmp_path, {path: File(b"")})
