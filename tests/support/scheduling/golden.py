"""What kube-scheduler answered, as scripts/record-scheduling keeps it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support.scheduling.crowded import Crowd
from support.scheduling.worlds import World

_FOLDER = Path(__file__).parents[2] / "unit/cluster/scheduler/golden"
WORLDS = _FOLDER / "worlds.json"
CROWDS = _FOLDER / "crowds.json"


def digest(made: World | Crowd) -> str:
    """By which a test sees that it plays the world that was recorded."""
    text = json.dumps(asdict(made), sort_keys=True, default=sorted)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(path: Path) -> dict[str, Any]:
    """All that was recorded."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def write(path: Path, found: dict[str, Any]) -> None:
    """Keep it, so that a change is seen line by line."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
