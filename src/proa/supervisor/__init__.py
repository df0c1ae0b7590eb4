"""Keeps the parts of a cluster running on a machine without systemd.

One small process (standard library only) starts each part, starts it again when it ends,
rotates its log and stops all of them in the reverse order. What it knows lies in files of its
folder, so that after its own sudden end the next one adopts the running parts:

    parts.json     what to run: `Part`s, by rank
    lock           held while a supervisor runs, so that there is only one
    supervisor.json its own `Running`
    NAME.json      the running process of a part: `Running`
    supervisor.log

`control` is for those who talk to it; `python -m proa.supervisor FOLDER` is the process.
"""

from proa.supervisor.control import Status, is_running, launch, read_parts, statuses, stop
from proa.supervisor.part import Part

__all__ = ["Part", "Status", "is_running", "launch", "read_parts", "statuses", "stop"]
