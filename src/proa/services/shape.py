"""Shapes: what frontends have in common becomes one chain, whatever their number.

A verdict map leads from a frontend's address to the chain of its shape; the chain draws a slot and
finds the endpoint of (address, slot) in a second map. With affinity the slot leads to an endpoint's
identity first, which is remembered for the client and outlives the renumbering of slots.

The number drawn passes through the packet's priority: nft 1.0.6 reads back no map that is keyed by
`numgen`, and a mark belongs to others. Only the first packet of a connection comes here, and
forwarding sets the priority anew.
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
    ip = _ip(shape)
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
    """Draws an endpoint; then the first of all, which is there when the drawn one has just gone.

    Between the two look-ups of a packet a change may come: the packet knows the count of before. What
    then still finds nobody is dropped, since whoever sends it again meets the change as a whole.
    """
    draw = f"meta priority set numgen random mod {count} offset {first}"
    take = f"meta priority set 0x{first:x}"
    if not shape.affinity:
        return (f"{draw} {_connect(shape)}", f"{take} {_connect(shape)}", "drop")
    memory, client = f"@service_affinity{shape.family}", _client(shape.family)
    remember = f"{{ {client} timeout {shape.affinity}s : meta priority }}"
    forget = f"delete {memory} {{ {client} : meta priority }}"
    identity = f"meta priority set {_drawn(shape)} map @service_slots{shape.family}"
    learn = f"{identity} add {memory} {remember} {_connect(shape)}"
    known = f"meta priority set {client} map {memory} update {memory} {remember} {_connect(shape)}"
    return (known, forget, f"{draw} {learn}", forget, f"{take} {learn}", "drop")


def _connect(shape: Shape) -> str:
    return f"dnat {_ip(shape)} to {_drawn(shape)} map @service_endpoints{shape.family}"


def _drawn(shape: Shape) -> str:
    return f"{_tuple(_ip(shape))} . meta priority"


def _ip(shape: Shape) -> str:
    return "ip" if shape.family == 4 else "ip6"


def _tuple(ip: str) -> str:
    return f"{ip} daddr . meta l4proto . th dport"


def _client(family: int) -> str:
    """Who is remembered, and for what. A key over 16 bytes aborts nft 1.0.6, so IPv6 is hashed."""
    if family == 4:
        return f"ip saddr . {_tuple('ip')}"
    return "jhash ip6 saddr . ip6 daddr mod 4294967295 seed 0x70726f61 . meta l4proto . th dport"
