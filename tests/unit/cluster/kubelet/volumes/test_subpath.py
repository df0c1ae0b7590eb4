"""Parts of volumes, opened without a way out."""

import os
from pathlib import Path

import pytest

from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.subpath import open_inside


def opened(volume: Path, subpath: str) -> Path:
    descriptor = open_inside(volume, subpath)
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    finally:
        os.close(descriptor)


def test_missing_directories_are_made_as_the_volume_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    assert opened(tmp_path, "a/b") == tmp_path / "a/b"
    assert (tmp_path / "a").stat().st_mode & 0o7777 == 0o2770


def test_a_link_inside_the_volume_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert opened(tmp_path, "link") == tmp_path / "real"


def test_a_file_is_fine(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert opened(tmp_path, "f") == tmp_path / "f"


@pytest.mark.parametrize("subpath", ["/etc", "../x", "a/../../x"])
def test_paths_that_say_they_leave(tmp_path: Path, subpath: str) -> None:
    with pytest.raises(VolumeProblem):
        opened(tmp_path, subpath)


@pytest.mark.parametrize("target", ["/etc", "../outside", "chain"])
def test_links_that_leave(tmp_path: Path, target: str) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    (tmp_path / "outside").mkdir()
    (volume / "chain").symlink_to("/etc")
    (volume / "link").symlink_to(target)
    with pytest.raises(VolumeProblem, match="leads out"):
        opened(volume, "link/inner")
    assert not (tmp_path / "outside" / "inner").exists()
