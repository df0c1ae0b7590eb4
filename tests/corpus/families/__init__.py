"""The tables: one file a family, each with STORIES. A new file is found by itself."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from corpus.story import Story


def names() -> list[str]:
    """All families."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def needs_controllers(family: str) -> bool:
    """Whether controllers run beside the server: a family says so by CONTROLLERS."""
    return bool(getattr(import_module(f"{__name__}.{family}"), "CONTROLLERS", False))


def service_cidr(family: str) -> tuple[str, ...]:
    """The ranges of Services that its server has: a family may say others by SERVICE_CIDR."""
    return tuple(getattr(import_module(f"{__name__}.{family}"), "SERVICE_CIDR", ("10.43.0.0/16",)))


def stories(family: str) -> tuple[Story, ...]:
    """The stories of a family."""
    return tuple(import_module(f"{__name__}.{family}").STORIES)
