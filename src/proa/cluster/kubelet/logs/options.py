"""What a reader of a container's log asks for (source: API reference, PodLogOptions)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from proa.errors import BadRequest
from proa.kube import parse_time


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Parameters of the log request."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    since: datetime | None = None
    stream: bytes = b""
    """`stdout` or `stderr`; empty means both."""


def parse_options(query: Mapping[str, str], now: datetime | None = None) -> LogOptions:
    """Options of a URL's query. Raises BadRequest."""
    try:
        return LogOptions(
            follow=_flag(query.get("follow")),
            previous=_flag(query.get("previous")),
            timestamps=_flag(query.get("timestamps")),
            tail_lines=_number(query.get("tailLines")),
            limit_bytes=_number(query.get("limitBytes")),
            since=_since(query, now or datetime.now(UTC)),
            stream={"Stdout": b"stdout", "Stderr": b"stderr"}.get(query.get("stream", ""), b""),
        )
    except ValueError as fault:
        raise BadRequest(f"log options: {fault}") from fault


def _flag(text: str | None) -> bool:
    return text in ("true", "1")


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    number = int(text)
    if number < 0:
        raise ValueError(f"{text} must not be negative")
    return number


def _since(query: Mapping[str, str], now: datetime) -> datetime | None:
    if "sinceTime" in query:
        return parse_time(query["sinceTime"])
    seconds = _number(query.get("sinceSeconds"))
    return None if seconds is None else now - timedelta(seconds=seconds)
