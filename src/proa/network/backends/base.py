"""What a backend is: the answer to "how is another node's range reached?", as values.

It answers for one IP family at a time: a node with addresses of both is asked twice.
A backend decides and touches nothing: it names the device it wants and the entries of the kernel's
tables; the reconciler reads, compares and applies. To add one, write a file like `host_gw.py` and
register it in `__init__.py`.
"""

# ruff: noqa: ARG002 - what does nothing by default uses no argument
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from proa.errors import UserError
from proa.kernel.addresses import Interface
from proa.kernel.entries import Entries
from proa.kernel.links import Link
from proa.kernel.routes import IPAddress, Network


@dataclass(frozen=True, slots=True)
class Underlay:
    """The device that carries traffic between nodes, and this node's address of one family on it."""

    name: str
    index: int
    mtu: int
    interface: Interface

    @property
    def version(self) -> int:
        """Which IP family: 4 or 6."""
        return self.interface.version


@dataclass(frozen=True, slots=True)
class LocalNode:
    """The node that we are on, in one family: its ranges of pod addresses and its underlay."""

    name: str
    subnets: tuple[Network, ...]
    underlay: Underlay


@dataclass(frozen=True, slots=True)
class Peer:
    """Another node in one family: its address, its ranges, what its backend published of itself."""

    name: str
    address: IPAddress
    subnets: tuple[Network, ...]
    backend: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Backend:
    """One way to reach other nodes' ranges; a method that is not overridden asks for nothing."""

    name: ClassVar[str]
    device_names: ClassVar[Mapping[int, str]] = {}
    """Its device for each IP family that needs one."""
    attaches_pods: ClassVar[bool] = True

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self:
        """The backend for the keys of net-conf's Backend object; UserError for a bad one."""
        known_keys(cls.name, options, {})
        return cls()

    def probe(self) -> None:
        """Raises KernelError naming the missing option when this kernel cannot do it."""

    def mtu(self, underlay: Underlay) -> int:
        """The largest packet of a pod that fits."""
        return underlay.mtu

    def data(self, local: LocalNode) -> dict[str, Any]:
        """What peers must know of this node (flannel's backend-data, backend-v6-data)."""
        return {}

    def device(self, local: LocalNode) -> Link | None:
        """The device that must be there, or None."""
        return None

    def entries(self, local: LocalNode, device: int, peers: Iterable[Peer]) -> Entries:
        """All entries for these peers; `device` is the index of our device, 0 without one."""
        return Entries()

    def objection(self, local: LocalNode, peer: Peer) -> str:
        """Why this peer cannot be reached; empty when it can."""
        return ""


def known_keys(backend: str, options: Mapping[str, Any], known: Mapping[str, type]) -> dict[str, Any]:
    """The options by name; UserError for an unknown one or a value of the wrong type."""
    values = {key: value for key, value in options.items() if key != "Type"}
    for key, value in values.items():
        if key not in known:
            expected = ", ".join(sorted(known)) or "none"
            raise UserError(f"net-conf: Backend {backend} has no key {key}; its keys are: {expected}")
        if type(value) is not known[key]:
            raise UserError(f"net-conf: Backend {backend}: {key} must be {_WORDS[known[key]]}, not {value!r}")
    return values


_WORDS = {int: "a number", bool: "true or false", str: "a string"}
