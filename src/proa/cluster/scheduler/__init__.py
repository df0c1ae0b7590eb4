"""The scheduler: filters and scores decide, a binder carries out. See docs/scheduler.md."""

from __future__ import annotations

from proa.cluster.scheduler.scheduler import Scheduler
from proa.kube import Manager

__all__ = ["Scheduler", "setup"]


def setup(manager: Manager) -> None:
    """Run the scheduler with the manager."""
    manager.add(Scheduler(manager))
