"""One cluster a machine: names in the kernel (table, devices, cgroups) are the same for all of ours."""

from __future__ import annotations

import json
from pathlib import Path

from proa.errors import UserError
from proa.files import write_atomic
from proa.machine import record
from proa.machine.keeper import keeper
from proa.machine.layout import Layout

CLAIM = Path("/run/proa.json")
"""Names the folders of the cluster that is up."""


def check(layout: Layout) -> None:
    """Raises UserError when a cluster of other folders runs."""
    other = _read()
    if other is None or other.run.resolve() == layout.run.resolve():
        return
    running = record.read(other)
    if running is not None and keeper(other, running.nodes).is_running():
        folders = f"--data-dir {other.data} --run-dir {other.run}"
        raise UserError(
            f"another cluster runs on this machine, with {folders}, and both would use the same names in"
            f" the kernel: proa down {folders} stops it"
        )


def take(layout: Layout) -> None:
    write_atomic(CLAIM, json.dumps({"data": str(layout.data), "run": str(layout.run)}))


def give_up(layout: Layout) -> None:
    """The claim goes, if it is of these folders."""
    other = _read()
    if other is not None and other.run.resolve() == layout.run.resolve():
        CLAIM.unlink(missing_ok=True)


def _read() -> Layout | None:
    try:
        told = json.loads(CLAIM.read_text())
        return Layout(Path(told["data"]), Path(told["run"]))
    except (FileNotFoundError, ValueError, KeyError):
        return None
