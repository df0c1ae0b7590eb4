"""What is answered, as it is kept: gzip, one JSON object a line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VERSION = "1.37.2"
FOLDER = Path(__file__).parent / "answers"


@dataclass(frozen=True)
class Answer:
    """The answer to a step, made equal. `name` is `story/step`; `body` is JSON or text."""

    name: str
    digest: str
    code: int
    headers: Mapping[str, Any]
    body: Any


def file_of(family: str) -> Path:
    """Where the answers of a family are kept."""
    return FOLDER / f"{family}.jsonl.gz"


def save(family: str, version: str, answers: Iterable[Answer]) -> None:
    """Keep answers of a server of that version. Same answers, same bytes."""
    lines = [json.dumps({"version": version})]
    lines += [json.dumps(asdict(answer), sort_keys=True) for answer in answers]
    FOLDER.mkdir(exist_ok=True)
    file_of(family).write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


def load(family: str) -> dict[str, Answer]:
    """The kept answers by name. Raises FileNotFoundError when none were recorded."""
    _, *lines = gzip.decompress(file_of(family).read_bytes()).decode().split("\n")
    answers = (Answer(**json.loads(line)) for line in lines)
    return {answer.name: answer for answer in answers}


def recorded_version(family: str) -> str:
    """Of the server that gave the kept answers."""
    head = gzip.decompress(file_of(family).read_bytes()).decode().split("\n", 1)[0]
    return str(json.loads(head)["version"])
