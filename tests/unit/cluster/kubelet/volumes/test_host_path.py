"""Checks of hostPath types."""

import socket
from pathlib import Path

import pytest

from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.host_path import check_host_path


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "dir").mkdir()
    (tmp_path / "file").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    return tmp_path


GOOD = {
    "no check": ("absent", ""),
    "directory": ("dir", "Directory"),
    "file": ("file", "File"),
    "socket": ("socket", "Socket"),
    "made directory": ("new/deep", "DirectoryOrCreate"),
    "made file": ("newfile", "FileOrCreate"),
    "existing directory": ("dir", "DirectoryOrCreate"),
}


@pytest.mark.parametrize(("name", "kind"), GOOD.values(), ids=GOOD.keys())
def test_good(here: Path, name: str, kind: str) -> None:
    check_host_path(here / name, kind)
    assert (here / name).exists() == (name != "absent")


BAD = {
    "absent directory": ("absent", "Directory", "is not a directory"),
    "file as directory": ("file", "DirectoryOrCreate", "is not a directory"),
    "directory as file": ("dir", "FileOrCreate", "is not a file"),
    "file as device": ("file", "CharDevice", "is not a character device"),
    "unknown type": ("file", "Nonsense", "not known"),
}


@pytest.mark.parametrize(("name", "kind", "text"), BAD.values(), ids=BAD.keys())
def test_bad(here: Path, name: str, kind: str, text: str) -> None:
    with pytest.raises(VolumeProblem, match=text):
        check_host_path(here / name, kind)
