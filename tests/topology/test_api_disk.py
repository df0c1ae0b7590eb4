"""An API server on a disk that fills up, or that cannot be written: errors, then recovery. Needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.cluster.apiserver import ApiServer
from proa.errors import UserError
from support.server import api_server, session

pytestmark = [pytest.mark.root, pytest.mark.topology]
_PATH = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path], check=True)
    yield path
    subprocess.run(["umount", path], check=True)


def _fill(path: Path) -> None:
    """Take the last byte that there is."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def _remount(disk: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", disk], check=True)


def _admin(server: ApiServer, folder: Path) -> aiohttp.ClientSession:
    return session(server, folder, "admin", "system:masters")


async def _create(server: ApiServer, folder: Path, name: str, size: int) -> tuple[int, Any]:
    body = {"metadata": {"name": name}, "data": {"k": "x" * size}}
    async with _admin(server, folder) as admin, admin.post(_PATH, json=body) as answer:
        return answer.status, await answer.json()


async def test_a_full_disk_is_an_error_until_there_is_room(disk: Path) -> None:
    async with api_server(disk) as server:
        first = await _create(server, disk, "first", 10)
        _fill(disk / "filler")
        code, refused = await _create(server, disk, "refused", 500_000)
        async with _admin(server, disk) as admin:
            read = (await admin.get(f"{_PATH}/first")).status
        (disk / "filler").unlink()
        again = await _create(server, disk, "again", 500_000)

    assert (first[0], code, read, again[0]) == (201, 503, 200, 201)
    assert "full" in refused["message"]
    async with api_server(disk) as server, _admin(server, disk) as admin:
        items = (await (await admin.get(_PATH)).json())["items"]
    assert {item["metadata"]["name"] for item in items} >= {"first", "again"}
    assert "refused" not in {item["metadata"]["name"] for item in items}


async def test_a_read_only_disk_is_refused_until_it_is_writable(disk: Path) -> None:
    async with api_server(disk) as server:
        await _create(server, disk, "kept", 10)
    _remount(disk, "ro")
    with pytest.raises(UserError, match=r"state\.db.*nothing was changed"):
        async with api_server(disk):
            pass
    _remount(disk, "rw")

    async with api_server(disk) as server, _admin(server, disk) as admin:
        assert (await admin.get(f"{_PATH}/kept")).status == 200
