"""The process that exec starts: the container's own, with another command. Pure.

Source: the OCI runtime specification, `process`; containerd's CRI does the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from proa.kube import Object

_TERMINAL_TYPE = "TERM=xterm"


def exec_process(own: Object, command: Sequence[str], *, tty: bool) -> Object:
    """User, directory, environment and rights of the container's process; arguments and terminal of ours."""
    environment = list(own.get("env") or ())
    if tty:
        environment = [*(entry for entry in environment if not entry.startswith("TERM=")), _TERMINAL_TYPE]
    kept = {key: value for key, value in own.items() if key not in ("consoleSize", "commandLine")}
    return kept | {"args": list(command), "terminal": tty, "env": environment}
