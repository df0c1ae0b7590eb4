"""Logs as they are asked for."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.kubelet.logs import LogOptions, parse_options, stream_log
from proa.cluster.kubelet.logs.files import move_aside
from proa.errors import BadRequest

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def line(text: str, minute: int = 0, stream: str = "stdout") -> bytes:
    return f"2026-01-01T11:{minute:02}:00.5Z {stream} F {text}\n".encode()


async def running() -> bool:
    return True


async def read(path: Path, **options: Any) -> bytes:
    return b"".join([chunk async for chunk in stream_log(path, LogOptions(**options), running)])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "0.log"
    path.write_bytes(line("one", 1) + line("bad", 2, "stderr") + line("two", 3))
    return path


CASES: dict[str, tuple[dict[str, Any], bytes]] = {
    "all": ({}, b"one\nbad\ntwo\n"),
    "one stream": ({"stream": b"stderr"}, b"bad\n"),
    "tail": ({"tail_lines": 1}, b"two\n"),
    "since": ({"since": NOW.replace(hour=11, minute=2)}, b"bad\ntwo\n"),
    "limited": ({"limit_bytes": 5}, b"one\nb"),
    "with times": ({"tail_lines": 1, "timestamps": True}, b"2026-01-01T11:03:00.5Z two\n"),
}


@pytest.mark.parametrize(("options", "text"), CASES.values(), ids=CASES.keys())
async def test_options(log: Path, options: dict[str, Any], text: bytes) -> None:
    assert await read(log, **options) == text


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


async def test_following_goes_through_a_rotation(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proa.cluster.kubelet.logs.stream._REVIEW", 0.05)
    ended = asyncio.Event()

    async def still_running() -> bool:
        return not ended.is_set()

    stream = stream_log(log, LogOptions(follow=True, tail_lines=1), still_running)
    assert await anext(stream) == b"two\n"
    append(log, line("three"))
    assert await anext(stream) == b"three\n"
    move_aside(log, 5, "stamp")
    append(log.with_name("0.log.stamp"), line("late"))
    append(log, line("four"))
    assert [await anext(stream), await anext(stream)] == [b"late\n", b"four\n"]
    ended.set()
    assert [chunk async for chunk in stream] == []


def test_a_query_is_read() -> None:
    query = {"follow": "true", "tailLines": "3", "sinceSeconds": "60", "stream": "Stderr"}
    options = parse_options(query, NOW)
    assert options == LogOptions(
        follow=True, tail_lines=3, since=NOW.replace(hour=11, minute=59), stream=b"stderr"
    )


@pytest.mark.parametrize("query", [{"tailLines": "x"}, {"limitBytes": "-1"}, {"sinceTime": "yesterday"}])
def test_a_bad_query_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        parse_options(query, NOW)
