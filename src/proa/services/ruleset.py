"""The fixed part of the rules: base chains, maps and sets of both families.

Nothing here depends on a Service. NAT chains see the first packet of a connection only, so neither
established connections nor other traffic pay for the number of Services.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from proa.kernel.nft_elements import Layout
from proa.kernel.nftables import SRCNAT, TABLE, Chain

PREFIX = "service"
FAMILIES = (4, 6)
BASE_CHAINS = ("service-prerouting", "service-output", "service-postrouting", "service-lookup")
"""What everything else hangs on."""
_DSTNAT = "type nat hook {hook} priority -100; policy accept;"
_PROTOCOLS = ("tcp", "udp", "sctp")
_CLIENTS = 262144
"""Clients that affinity remembers; one more is balanced as if there were no affinity."""


def collections(family: int) -> dict[str, str]:
    """Maps and sets of a family by name, as nft(8) declares them. The kernel fills the dynamic one."""
    ip = "ipv4_addr" if family == 4 else "ipv6_addr"
    address = f"{ip} . inet_proto . inet_service"
    client = (
        f"type {ip} . {address}"
        if family == 4
        else "typeof numgen random mod 65536 . meta l4proto . th dport"
    )
    number = "classid" if family == 4 else "meta priority"
    return {
        f"service_frontends{family}": f"map {{ type {address} : verdict; }}",
        f"service_endpoints{family}": f"map {{ type {address} . classid : {ip} . inet_service; }}",
        f"service_slots{family}": f"map {{ type {address} . classid : classid; }}",
        f"service_affinity{family}": (
            f"map {{ {client} : {number}; flags dynamic,timeout; size {_CLIENTS}; }}"
        ),
        f"service_external{family}": f"map {{ type {address} : verdict; }}",
        f"service_allowed{family}": f"set {{ type {address} . {ip}; flags interval; }}",
        f"service_hairpin{family}": f"set {{ type {ip} . {ip}; }}",
    }


def targets() -> tuple[Chain, ...]:
    """The chains that elements lead to, whatever the Services."""
    return (
        Chain("service-reject", ("meta l4proto tcp reject with tcp reset", "reject")),
        Chain("service-masquerade-everyone", ("masquerade fully-random",)),
        Chain("service-masquerade-node", ("fib saddr type local masquerade fully-random",)),
    )


def hooks(cluster_cidrs: Sequence[str], service_cidrs: Sequence[str]) -> tuple[Chain, ...]:
    """The chains through which connections come to the maps, callees first."""
    return (
        Chain("service-masquerade", tuple(_masquerade(cluster_cidrs, service_cidrs))),
        Chain("service-lookup", tuple(_lookup(service_cidrs))),
        Chain("service-prerouting", ("jump service-lookup",), hook=_DSTNAT.format(hook="prerouting")),
        Chain("service-output", ("jump service-lookup",), hook=_DSTNAT.format(hook="output")),
        Chain("service-postrouting", ("ct status dnat goto service-masquerade",), hook=SRCNAT),
    )


def declaration() -> str:
    """Commands that make the maps and sets where they are missing."""
    lines = [f"add table {TABLE}"]
    for family in FAMILIES:
        for name, text in collections(family).items():
            kind, _, body = text.partition(" ")
            lines.append(f"add {kind} {TABLE} {name} {body}")
    return "\n".join(lines) + "\n"


def layouts() -> dict[str, Layout]:
    """How the elements of all maps and sets are written but of those that the kernel fills."""
    return {
        name: Layout.of(text)
        for family in FAMILIES
        for name, text in collections(family).items()
        if "dynamic" not in text
    }


def _lookup(service_cidrs: Sequence[str]) -> list[str]:
    """Who is not found is looked for again: before Linux 6.17 an element that is replaced may be missed."""
    found = [f"{_ip(f)} daddr . meta l4proto . th dport vmap @service_frontends{f}" for f in FAMILIES]
    return 2 * found + [f"{_ip(_version(cidr))} daddr {cidr} goto service-reject" for cidr in service_cidrs]


def _masquerade(cluster_cidrs: Sequence[str], service_cidrs: Sequence[str]) -> list[str]:
    """Of connections that were translated: hairpins, then by what the client asked for."""
    found = [f"{_ip(f)} saddr . {_ip(f)} daddr @service_hairpin{f} masquerade fully-random" for f in FAMILIES]
    for family in FAMILIES:
        asked = f"ct original {_ip(family)} daddr . meta l4proto . ct original proto-dst"
        found += [f"meta l4proto {name} {asked} vmap @service_external{family}" for name in _PROTOCOLS]
    for cidr in service_cidrs:
        family = _version(cidr)
        pods = [pods for pods in cluster_cidrs if _version(pods) == family]
        outsiders = f"{_ip(family)} saddr != {{ {', '.join(pods)} }} " if pods else ""
        found.append(f"ct original {_ip(family)} daddr {cidr} {outsiders}masquerade fully-random")
    return found


def _ip(family: int) -> str:
    return "ip" if family == 4 else "ip6"


def _version(cidr: str) -> int:
    return ip_network(cidr).version
