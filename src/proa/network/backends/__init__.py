"""The backends by their name in net-conf; one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from proa.errors import KernelError, UserError
from proa.network.backends.base import Backend
from proa.network.backends.host_gw import HostGateway
from proa.network.backends.none import NoNetwork
from proa.network.backends.vxlan import VxlanBackend


def registry(backends: Iterable[type[Backend]]) -> dict[str, type[Backend]]:
    """Backends by name; a name given twice is a fault of the program and ends the import."""
    found: dict[str, type[Backend]] = {}
    for backend in backends:
        if backend.name in found:
            raise RuntimeError(f"two backends are named {backend.name}")
        found[backend.name] = backend
    return found


REGISTRY = registry(
    (
        VxlanBackend,
        HostGateway,
        NoNetwork,
    )
)


def parse(options: Mapping[str, Any]) -> Backend:
    """The backend for net-conf's Backend object; UserError lists what there is."""
    name = options.get("Type", "vxlan")
    if name not in REGISTRY:
        raise UserError(f"network backend {name!r} is unknown; available are: {', '.join(sorted(REGISTRY))}")
    return REGISTRY[name].parse(options)


def require(backend: Backend) -> None:
    """UserError when this kernel cannot do it: why, and which backends it can do."""
    try:
        backend.probe()
    except KernelError as error:
        usable = ", ".join(sorted(name for name in REGISTRY if name != backend.name and _works(name)))
        raise UserError(f"network backend {backend.name}: {error}; this kernel has: {usable}") from error


def device_names() -> set[str]:
    """The names of all devices that a backend may have made."""
    return {name for backend in REGISTRY.values() for name in backend.device_names.values()}


def _works(name: str) -> bool:
    try:
        REGISTRY[name].parse({}).probe()
    except (KernelError, UserError):
        return False
    return True
