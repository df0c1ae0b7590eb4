"""The values between the API and the kernel: where a Service listens and who answers."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import msgspec


class Node(NamedTuple):
    """The node that the rules are for."""

    name: str
    addresses: tuple[str, ...]
    zone: str = ""


class Endpoint(msgspec.Struct, frozen=True, order=True, gc=False):
    """A backend; `local` when it runs on this node."""

    address: str
    port: int
    local: bool = False


class Address(NamedTuple):
    """Where clients connect to; the protocol is tcp, udp or sctp."""

    ip: str
    protocol: str
    port: int

    @property
    def family(self) -> int:
        return 6 if ":" in self.ip else 4


class Action(Enum):
    """What becomes of a connection."""

    FORWARD = "forward"
    REJECT = "reject"
    """Nobody answers: say so at once."""
    DROP = "drop"
    """Nobody answers on this node, and the policy is Local."""
    LEAVE = "leave"
    """Another service proxy looks after it."""


class Masquerade(Enum):
    """Whose connections get the node's address as their source, beside hairpins."""

    OUTSIDERS = "outsiders"
    """Who is no pod: the rule for ClusterIPs."""
    EVERYONE = "everyone"
    """External addresses: the reply must come back through this node."""
    NODE = "node"
    """External addresses with the Local policy: only the node's own connections."""


class Frontend(NamedTuple):
    """How connections to one address are treated.

    `outside`, when it is not None, takes the place of `endpoints` for connections from outside of the
    cluster (externalTrafficPolicy Local). `affinity` is in seconds, 0 for none. `allowed` holds source
    ranges; None allows all.
    """

    action: Action
    endpoints: tuple[Endpoint, ...] = ()
    outside: tuple[Endpoint, ...] | None = None
    affinity: int = 0
    allowed: tuple[str, ...] | None = None
    masquerade: Masquerade = Masquerade.OUTSIDERS


Frontends = dict[Address, Frontend]


class HealthCheck(NamedTuple):
    """What a load balancer may ask about a Service with the Local policy."""

    port: int
    local_endpoints: int
