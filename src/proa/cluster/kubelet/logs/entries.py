"""Container log files in the format of the CRI.

Each line is `<RFC 3339 time with nanoseconds> stdout|stderr P|F <text>`; P marks a part of a longer
line, which the following entries go on with. Source: design-proposals kubelet-cri-logging.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

_BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log file; `text` ends with a newline unless the line goes on."""

    time: bytes
    stream: bytes
    text: bytes


def parse_entry(line: bytes) -> Entry | None:
    """The entry of one line of the file; None when it is damaged."""
    parts = line.rstrip(b"\n").split(b" ", 3)
    if len(parts) != 4:
        return None
    time, stream, tag, text = parts
    return Entry(time, stream, text if tag.startswith(b"P") else text + b"\n")


def parse_log_time(text: bytes) -> datetime:
    """The time of an entry; digits below the microsecond are dropped."""
    head, _, fraction = text.decode().partition(".")
    if not fraction:
        return datetime.fromisoformat(head)
    digits = fraction.rstrip("Z")
    zone = "+00:00" if fraction.endswith("Z") else ""
    for sign in ("+", "-"):
        if sign in digits:
            digits, _, offset = digits.partition(sign)
            zone = sign + offset
    return datetime.fromisoformat(f"{head}.{digits[:6]:0<6}{zone}")


def tail_offset(file: BinaryIO, lines: int, end: int) -> int:
    """Where the last `lines` lines of text before `end` begin; an entry that is a part is no line."""
    position, wanted, buffer = end, lines, b""
    if lines <= 0:
        return end
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        file.seek(position)
        buffer = file.read(size) + buffer
        starts = _line_starts(buffer, whole=position == 0)
        if len(starts) > wanted:
            return position + starts[-wanted]
    return 0


def _line_starts(buffer: bytes, *, whole: bool) -> list[int]:
    """Offsets at which a line of text begins. What precedes the first newline is unknown unless `whole`."""
    starts, offset, fresh = [], 0, whole
    for line in buffer.splitlines(keepends=True):
        entry = parse_entry(line)
        if fresh:
            starts.append(offset)
        fresh = entry is None or entry.text.endswith(b"\n")
        offset += len(line)
    return starts


def read_entries(file: BinaryIO, end: int | None = None) -> Iterator[Entry]:
    """The entries from the present position to the last complete line, which the position then follows.

    With `end` they stop there, also when the file grows faster than it is read.
    """
    left = None if end is None else end - file.tell()
    while line := file.readline():
        if left is not None:
            left -= len(line)
        if not line.endswith(b"\n") or (left is not None and left < 0):
            file.seek(-len(line), os.SEEK_CUR)
            return
        entry = parse_entry(line)
        if entry is not None:
            yield entry


def tail_text(path: Path, lines: int) -> str:
    """The text of the last lines of a log file; empty when there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(tail_offset(file, lines, end))
            return b"".join(entry.text for entry in read_entries(file, end)).decode(errors="replace")
    except OSError:
        return ""
