"""How much a directory takes."""

import asyncio
import os
from pathlib import Path

from proa.cluster.kubelet.stats.filesystem import DirectoryUsages, directory_usage, filesystem


def test_a_directory_with_files(tmp_path: Path) -> None:
    before = directory_usage(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"x" * 100_000)
    after = directory_usage(tmp_path)
    assert after.used - before.used >= 100_000
    assert after.inodes - before.inodes == 2


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 100_000)
    once = directory_usage(tmp_path)
    os.link(tmp_path / "f", tmp_path / "g")
    assert directory_usage(tmp_path) == once


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    assert directory_usage(tmp_path).inodes == 2


def test_a_missing_directory_takes_nothing(tmp_path: Path) -> None:
    assert directory_usage(tmp_path / "none").used == 0


def test_a_filesystem_adds_up(tmp_path: Path) -> None:
    disk = filesystem(tmp_path)
    assert disk.capacity >= disk.used > 0
    assert disk.available <= disk.capacity
    assert disk.inodes_used == disk.inodes - disk.inodes_free


async def test_measurements_are_remembered(tmp_path: Path) -> None:
    usages = DirectoryUsages()
    first = await usages.get(tmp_path, 60)
    (tmp_path / "f").write_bytes(b"x" * 100_000)
    assert await usages.get(tmp_path, 60) == first
    assert (await usages.get(tmp_path, 0)).used > first.used
    usages.keep([])
    both = await asyncio.gather(usages.get(tmp_path, 60), usages.get(tmp_path, 60))
    assert both[0] is both[1]
