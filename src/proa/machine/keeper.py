"""Who keeps the parts running: systemd where it runs, our supervisor elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from proa import supervisor
from proa.machine import systemd
from proa.machine.layout import Layout
from proa.machine.plan import Node, parts
from proa.supervisor import Status


class Keeper(Protocol):
    """Starts, stops and watches over the parts of one cluster."""

    def is_running(self) -> bool: ...

    def start(self) -> None:
        """Start all parts; returns before they are up."""

    def stop(self) -> None:
        """Stop all parts and whatever watches over them; returns when they have ended."""

    def statuses(self) -> list[Status]: ...

    @property
    def logs(self) -> str:
        """Where an operator finds the logs of the parts."""

    def log_end(self, part: str) -> list[str]:
        """The last lines of a part's log, if there are any."""


class Supervised:
    """Keeps the parts through `proa.supervisor`."""

    def __init__(self, layout: Layout, nodes: Sequence[Node]) -> None:
        self._folder = layout.supervisor
        self._layout = layout
        self._nodes = nodes

    def is_running(self) -> bool:
        return supervisor.is_running(self._folder)

    def start(self) -> None:
        supervisor.launch(self._folder, parts(self._layout, self._nodes))

    def stop(self) -> None:
        supervisor.stop(self._folder)

    def statuses(self) -> list[Status]:
        return supervisor.statuses(self._folder)

    @property
    def logs(self) -> str:
        return str(self._layout.logs)

    def log_end(self, part: str) -> list[str]:
        log = self._layout.logs / f"{part}.log"
        return log.read_text(errors="replace").splitlines() if log.exists() else []


def keeper(layout: Layout, nodes: Sequence[Node]) -> Keeper:
    """The keeper of this machine."""
    if systemd.RUNNING.is_dir():
        return systemd.Systemd(layout, nodes)
    return Supervised(layout, nodes)
