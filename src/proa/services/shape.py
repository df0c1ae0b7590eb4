"""Shapes: what frontends have in common becomes one chain, whatever their number.

A verdict map leads from a frontend's address to the chain of its shape; the chain picks a slot at
random and finds the endpoint of (address, slot) in a second map. With affinity the slot leads to an
endpoint's identity, which is remembered for the client and outlives the renumbering of slots. The
identity passes through the packet's priority, which forwarding sets anew; no mark bit is taken.
"""

from __future__ import annotations

from typing import NamedTuple

from proa.services.model import Action, Frontend

OUTSIDE_SLOTS = 32768
"""Slots from here on are endpoints for connections from outside of the cluster."""

_VERDICTS = {
    Action.REJECT: "goto service-reject",
    Action.DROP: "drop",
    Action.LEAVE: "return",
}


class Shape(NamedTuple):
    """What decides a chain's rules: family, number of endpoints, of outside ones, affinity, ranges."""

    family: int
    members: int
    outside: int | None = None
    affinity: int = 0
    restricted: bool = False

    @property
    def chain(self) -> str:
        outside = "" if self.outside is None else f"-o{self.outside}"
        affinity = f"-a{self.affinity}" if self.affinity else ""
        return f"service{self.family}-n{self.members}{outside}{affinity}{'-r' if self.restricted else ''}"

    @property
    def inside(self) -> Shape | None:
        """The shape that connections from inside of the cluster are handed to."""
        return None if self.outside is None else Shape(self.family, self.members, affinity=self.affinity)


def shape_of(family: int, frontend: Frontend) -> Shape | None:
    """The frontend's shape; None when it forwards nothing."""
    if frontend.action is not Action.FORWARD:
        return None
    outside = None if frontend.outside is None else len(frontend.outside)
    count, affinity = len(frontend.endpoints), frontend.affinity
    return Shape(family, count, outside, affinity, frontend.allowed is not None)


def verdict(family: int, frontend: Frontend) -> str:
    """What the verdict map holds for the frontend."""
    shape = shape_of(family, frontend)
    return f"goto {shape.chain}" if shape else _VERDICTS[frontend.action]


def rules(shape: Shape, cluster_cidrs: tuple[str, ...]) -> tuple[str, ...]:
    """The rules of the shape's chain."""
    ip = "ip" if shape.family == 4 else "ip6"
    found: list[str] = []
    if shape.restricted:
        found.append(f"{_tuple(ip)} . {ip} saddr != @service_allowed{shape.family} drop")
    if shape.inside is None:
        return (*found, *_pick(shape, 0, shape.members))
    if cluster_cidrs:
        found.append(f"{ip} saddr {{ {', '.join(cluster_cidrs)} }} goto {shape.inside.chain}")
    found.append(f"fib saddr type local goto {shape.inside.chain}")
    return (*found, *(_pick(shape, OUTSIDE_SLOTS, shape.outside) if shape.outside else ("drop",)))


def _pick(shape: Shape, first: int, count: int | None) -> tuple[str, ...]:
    family, ip = shape.family, "ip" if shape.family == 4 else "ip6"
    slot = f"{_tuple(ip)} . numgen random mod {count} offset {first}"
    if not shape.affinity:
        return (f"dnat {ip} to {slot} map @service_endpoints{family}",)
    client = f"{ip} saddr . {_tuple(ip)}"
    memory = f"@service_affinity{family}"
    remember = f"{{ {client} timeout {shape.affinity}s : meta priority }}"
    connect = f"dnat {ip} to {_tuple(ip)} . meta priority map @service_members{family}"
    return (
        f"meta priority set {client} map {memory} update {memory} {remember} {connect}",
        f"delete {memory} {{ {client} : meta priority }}",
        f"meta priority set {slot} map @service_slots{family} add {memory} {remember} {connect}",
    )


def _tuple(ip: str) -> str:
    return f"{ip} daddr . meta l4proto . th dport"
