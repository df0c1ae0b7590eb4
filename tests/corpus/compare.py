"""Two answers side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus.answer import Answer

ABSENT = "(absent)"


def compare(theirs: Answer, ours: Answer) -> Iterator[tuple[str, Any, Any]]:
    """(path, theirs, ours) of all that is not the same."""
    if theirs.code != ours.code:
        yield "code", theirs.code, ours.code
    yield from _differences("headers", theirs.headers, ours.headers)
    yield from _differences("body", theirs.body, ours.body)


def _differences(path: str, theirs: Any, ours: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}):
            yield from _differences(f"{path}.{key}", theirs.get(key, ABSENT), ours.get(key, ABSENT))
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from _differences(f"{path}[{index}]", *pair)
    elif theirs != ours or isinstance(theirs, bool) != isinstance(ours, bool):
        yield path, theirs, ours
