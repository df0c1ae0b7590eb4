from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from proa.storage.directory import DirectoryBackend, explain

backend = DirectoryBackend()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_make_creates_base_and_volume_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        backend.make(str(tmp_path / "deep/base"), "pvc-1_ns_data")
    finally:
        os.umask(old)
    assert mode(tmp_path / "deep/base/pvc-1_ns_data") == 0o777
    assert mode(tmp_path / "deep/base") == 0o700


def test_make_again_keeps_content_and_mode(tmp_path: Path) -> None:
    backend.make(str(tmp_path), "ns/data")
    (tmp_path / "ns/data/file").write_text("kept")
    (tmp_path / "ns/data").chmod(0o750)
    backend.make(str(tmp_path), "ns/data")
    assert (tmp_path / "ns/data/file").read_text() == "kept"
    assert mode(tmp_path / "ns/data") == 0o750


def test_make_finishes_what_a_kill_cut_short(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir(mode=0o700)
    backend.make(str(tmp_path), "v")
    assert mode(tmp_path / "v") == 0o777


@pytest.mark.parametrize("relative", ["link", "link/v"])
def test_neither_make_nor_remove_follows_a_link(relative: str, tmp_path: Path) -> None:
    (tmp_path / "outside/v").mkdir(parents=True)
    (tmp_path / "base").mkdir()
    (tmp_path / "base/link").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="not a directory of its own"):
        backend.make(str(tmp_path / "base"), relative)
    with pytest.raises(OSError):  # noqa: PT011 - the words differ with the depth
        backend.remove(str(tmp_path / "base"), relative)
    assert (tmp_path / "outside/v").is_dir()


def test_remove_takes_links_but_not_what_they_point_to(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("kept")
    backend.make(str(tmp_path / "base"), "v")
    (tmp_path / "base/v/link").symlink_to(tmp_path / "secret")
    (tmp_path / "base/v/dir").mkdir()
    backend.remove(str(tmp_path / "base"), "v")
    assert not (tmp_path / "base/v").exists()
    assert (tmp_path / "secret").read_text() == "kept"


def test_remove_of_nothing_is_done_already(tmp_path: Path) -> None:
    backend.remove(str(tmp_path / "absent"), "v")
    backend.remove(str(tmp_path), "a/b")


def test_remove_refuses_a_mounted_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "v/m").mkdir(parents=True)
    line = f"1 2 0:3 / {tmp_path}/v/m rw - tmpfs tmpfs rw\n"
    monkeypatch.setattr(Path, "read_text", lambda *_args, **_kw: line)
    with pytest.raises(OSError, match="still mounted"):
        backend.remove(str(tmp_path), "v")
    assert (tmp_path / "v").is_dir()


def test_a_full_file_system_is_refused_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_blocks=10, f_bavail=0))
    with pytest.raises(OSError) as caught:  # noqa: PT011 - checked below
        backend.make(str(tmp_path), "v")
    assert caught.value.errno == errno.ENOSPC
    assert explain(caught.value) == f"{tmp_path}: no space left on device"
    assert not (tmp_path / "v").exists()
