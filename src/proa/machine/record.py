"""What `proa up` did, written down so that `status`, `down` and the next `up` know it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from proa.files import write_atomic
from proa.machine.layout import Layout
from proa.machine.plan import Node


@dataclass(frozen=True)
class Record:
    """The cluster of these folders; it outlives a reboot, after which systemd starts the parts again."""

    nodes: tuple[Node, ...]
    settings: dict[str, Any]
    """As `Settings.as_text` gives them."""
    before: dict[str, str]
    """Kernel settings as they were, to be restored."""
    named_namespaces: bool
    """Whether /run/netns was a mount point already, as the first named namespace makes it."""


def write(layout: Layout, record: Record) -> None:
    write_atomic(layout.record, json.dumps(asdict(record), indent=1))


def read(layout: Layout) -> Record | None:
    """The record of the cluster that was started and not taken down, or None."""
    try:
        entry = json.loads(layout.record.read_text())
    except FileNotFoundError:
        return None
    return Record(
        tuple(Node(**node) for node in entry["nodes"]),
        entry["settings"],
        entry["before"],
        entry["named_namespaces"],
    )


def forget(layout: Layout) -> None:
    layout.record.unlink(missing_ok=True)
