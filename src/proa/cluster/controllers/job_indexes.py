"""Completion indexes of an indexed Job, as sets and in the text form `0,2-5` of its status. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proa.kube import Object, annotations_of

INDEX = "batch.kubernetes.io/job-completion-index"


def index_of(pod: Object) -> int | None:
    """The completion index that the pod works on."""
    text = annotations_of(pod).get(INDEX, "")
    return int(text) if text.isdecimal() else None


def parse_indexes(text: str, completions: int) -> set[int]:
    """The indexes below `completions` that the text names."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), min(int(last or first) + 1, completions)))
    return found


def format_indexes(indexes: Iterable[int]) -> str:
    """`0,2-5`: three or more in a row are a range."""
    return ",".join(_text(first, last) for first, last in _runs(sorted(indexes)))


def _text(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def _runs(ordered: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for number in ordered:
        if first is None or last is None:
            first = last = number
        elif number == last + 1:
            last = number
        else:
            yield first, last
            first = last = number
    if first is not None and last is not None:
        yield first, last
