"""Frontends as elements of maps and sets, and the commands that turn old elements into new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from zlib import crc32

from proa.kernel.nftables import TABLE
from proa.services.model import Action, Address, Endpoint, Frontend, Masquerade
from proa.services.shape import OUTSIDE_SLOTS, verdict

Elements = dict[tuple[str, str], str]
"""(map or set, key) to value; the value of a set's element is empty."""

_IDENTITY = 1 << 31
"""Set in every identity, so that none is the priority of a packet that was given none."""
_EXTERNAL = {
    Masquerade.EVERYONE: "goto service-masquerade-everyone",
    Masquerade.NODE: "goto service-masquerade-node",
}


def elements(address: Address, frontend: Frontend) -> Elements:
    """All elements of a frontend but those for hairpins, which frontends share."""
    family = address.family
    key = f"{address.ip} . {address.protocol} . {address.port}"
    found = {(f"service_frontends{family}", key): verdict(family, frontend)}
    if frontend.action is not Action.FORWARD:
        return found
    fill = _members if frontend.affinity else _slots
    found.update(fill(family, key, frontend.endpoints, 0))
    if frontend.outside:
        found.update(fill(family, key, frontend.outside, OUTSIDE_SLOTS))
    if frontend.masquerade in _EXTERNAL:
        found[f"service_external{family}", key] = _EXTERNAL[frontend.masquerade]
    for source in frontend.allowed or ():
        found[f"service_allowed{family}", f"{key} . {source}"] = ""
    return found


def hairpin(address: str) -> Elements:
    """The element that lets a local endpoint reach itself through a Service."""
    return {(f"service_hairpin{6 if ':' in address else 4}", f"{address} . {address}"): ""}


def change(old: Elements, new: Elements) -> str:
    """The commands from old to new; an element with another value is deleted and added."""
    gone = (place for place, value in old.items() if new.get(place) != value)
    come = ((place, value) for place, value in new.items() if old.get(place) != value)
    return _delete(gone) + add(come)


def add(items: Iterable[tuple[tuple[str, str], str]]) -> str:
    """The commands that add elements, one a map."""
    return _commands("add", ((name, f"{key} : {value}" if value else key) for (name, key), value in items))


def identities(endpoints: Iterable[Endpoint], salt: int = 0) -> Mapping[Endpoint, int]:
    """For each endpoint a number of 32 bits that stays its own when others come and go."""
    taken: dict[int, Endpoint] = {}
    for endpoint in endpoints:
        number = crc32(f"{endpoint.address} {endpoint.port} {salt}".encode()) | _IDENTITY
        while number in taken:
            number = (number + 1) & 0xFFFFFFFF | _IDENTITY
        taken[number] = endpoint
    return {endpoint: number for number, endpoint in taken.items()}


def _slots(family: int, key: str, endpoints: tuple[Endpoint, ...], first: int) -> Elements:
    name = f"service_endpoints{family}"
    return {
        (name, f"{key} . {_number(slot)}"): f"{endpoint.address} . {endpoint.port}"
        for slot, endpoint in enumerate(endpoints, first)
    }


def _members(family: int, key: str, endpoints: tuple[Endpoint, ...], first: int) -> Elements:
    found: Elements = {}
    for slot, (endpoint, identity) in enumerate(identities(endpoints, first).items(), first):
        place = f"{endpoint.address} . {endpoint.port}"
        found[f"service_slots{family}", f"{key} . {_number(slot)}"] = _number(identity)
        found[f"service_endpoints{family}", f"{key} . {_number(identity)}"] = place
    return found


def _number(value: int) -> str:
    """A slot or identity as nft(8) writes a packet's priority."""
    return f"{value >> 16:x}:{value & 0xFFFF:x}"


def _delete(places: Iterable[tuple[str, str]]) -> str:
    return _commands("delete", places)


def _commands(verb: str, items: Iterable[tuple[str, str]]) -> str:
    by_map: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in items:
        by_map[name].append(text)
    return "".join(
        f"{verb} element {TABLE} {name} {{ {', '.join(texts)} }}\n" for name, texts in by_map.items()
    )


def local_addresses(frontend: Frontend) -> Iterator[str]:
    """Addresses of the frontend's endpoints on this node, as often as they occur."""
    for group in (frontend.endpoints, frontend.outside or ()):
        for endpoint in group:
            if endpoint.local:
                yield endpoint.address
