"""Host ports: ports of the node that lead to a pod. Pure.

A pod's ports come with ADD (capability `portMappings`) and are elements of nftables maps from then on.
With a host address only that address of the node leads to the pod, else every one it has. A node reaches
them itself, also on 127.0.0.1 (not on ::1, which IPv6 lets nobody leave by); a pod reaches its own.
Source: CNI conventions, "Dynamic Plugin specific Fields".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from proa.errors import ProaError
from proa.kernel.nft_elements import Layout
from proa.kernel.nftables import SRCNAT, Chain
from proa.kernel.routes import IPAddress
from proa.network.cni import BAD_CONFIGURATION, CniError

PROTOCOLS = ("tcp", "udp", "sctp")
Element = tuple[tuple[str, str], str]
"""((map or set, key), value); the value of a set's element is empty."""

_BEFORE_SERVICES = "type nat hook {hook} priority -110; policy accept;"
_BEFORE_ALL = "type filter hook prerouting priority raw; policy accept;"
_FAMILIES = {4: ("ip", "ipv4_addr"), 6: ("ip6", "ipv6_addr")}
_LARGEST = 65535


class PortTaken(ProaError):
    """Another container has the port of the node."""


@dataclass(frozen=True, slots=True, order=True)
class HostPort:
    """A port of the node and the port of the pod it leads to; `host` is one address, empty for all."""

    protocol: str
    port: int
    host: str
    target: int

    def __str__(self) -> str:
        where = f"[{self.host}]" if ":" in self.host else self.host
        return f"{where}:{self.port}/{self.protocol}"

    @property
    def family(self) -> int:
        """The only IP version in which it leads anywhere; 0 for both."""
        return ip_address(self.host).version if self.host else 0

    def clashes(self, other: HostPort) -> bool:
        """Whether a packet could mean both."""
        same = (self.protocol, self.port) == (other.protocol, other.port)
        return same and (not self.host or not other.host or self.host == other.host)


def requested(config: Mapping[str, Any]) -> tuple[HostPort, ...]:
    """The host ports that an ADD asks for; CniError for one that makes no sense.

    Keys are read in any case: the conventions write `hostPort`, containerd writes `HostPort`.
    """
    told = (config.get("runtimeConfig") or {}).get("portMappings") or ()
    known = ({key.lower(): value for key, value in item.items()} for item in told)
    return tuple(sorted({_parse(item) for item in known if item.get("hostport")}))


def check_free(wanted: Iterable[HostPort], held: Iterable[tuple[str, Iterable[HostPort]]]) -> None:
    """Raises PortTaken when one of the wanted ports clashes with one of those held, by whom."""
    for holder, ports in held:
        for port in ports:
            if found := next((it for it in wanted if it.clashes(port)), None):
                raise PortTaken(f"the host port {found} is taken: {port} leads to {holder}")


def _parse(item: Mapping[str, Any]) -> HostPort:
    protocol = str(item.get("protocol") or "tcp").lower()
    try:
        port, target = int(item["hostport"]), int(item["containerport"])
        host = ip_address(item["hostip"]) if item.get("hostip") else None
    except (KeyError, TypeError, ValueError) as error:
        raise CniError(BAD_CONFIGURATION, f"portMappings: {item}: {error}") from error
    if protocol not in PROTOCOLS or not (0 < port <= _LARGEST and 0 < target <= _LARGEST):
        known = ", ".join(PROTOCOLS)
        raise CniError(BAD_CONFIGURATION, f"portMappings: {item}: ports are 1 to {_LARGEST}, of {known}")
    return HostPort(protocol, port, "" if host is None or host.is_unspecified else str(host), target)


def elements(ports: Iterable[HostPort], addresses: Iterable[IPAddress]) -> Iterator[Element]:
    """What the maps hold for the ports of a pod with these addresses."""
    for address in addresses:
        version = address.version
        led = [port for port in ports if port.family in {0, version}]
        for port in led:
            key = f"{port.protocol} . {port.port}"
            place = (f"host_ports_at{version}", f"{port.host} . {key}") if port.host else None
            yield place or (f"host_ports{version}", key), f"{address} . {port.target}"
        if led:
            yield (f"host_ports_pods{version}", f"{address} . {address}"), ""


def collections() -> dict[str, str]:
    """Maps and sets of both families by name, as nft(8) declares them."""
    found = {}
    for version, (_, ip) in _FAMILIES.items():
        key, value = "inet_proto . inet_service", f"{ip} . inet_service"
        found[f"host_ports_at{version}"] = f"map {{ type {ip} . {key} : {value}; }}"
        found[f"host_ports{version}"] = f"map {{ type {key} : {value}; }}"
        found[f"host_ports_pods{version}"] = f"set {{ type {ip} . {ip}; }}"
    return found


def layouts() -> dict[str, Layout]:
    """How elements of all of them are written."""
    return {name: Layout.of(text) for name, text in collections().items()}


def chains() -> tuple[Chain, ...]:
    """The chains through which connections come to the maps, callees first.

    Devices of pods with host ports route 127.0.0.0/8, for the node's own connections; from a pod nothing
    is let in that goes there.
    """
    hooks = {hook: _BEFORE_SERVICES.format(hook=hook) for hook in ("prerouting", "output")}
    return (
        Chain("host-ports-loopback", ('iifname "proa*" ip daddr 127.0.0.0/8 drop',), hook=_BEFORE_ALL),
        Chain("host-ports", tuple(_lookups())),
        *(Chain(f"host-ports-{name}", ("jump host-ports",), hook=hook) for name, hook in hooks.items()),
        Chain("host-ports-return", tuple(_returns()), hook=SRCNAT),
    )


def _lookups() -> Iterator[str]:
    for version, (ip, _) in _FAMILIES.items():
        port = "meta l4proto . th dport map"
        local = "fib daddr type local" + (" ip6 daddr != ::1" if version == 6 else "")
        yield f"dnat {ip} to {ip} daddr . {port} @host_ports_at{version}"
        yield f"meta nfproto ipv{version} {local} dnat {ip} to {port} @host_ports{version}"


def _returns() -> Iterator[str]:
    """Of translated connections, those whose replies would not come back by the node."""
    yield "ct status dnat ip saddr 127.0.0.0/8 masquerade fully-random"
    for version, (ip, _) in _FAMILIES.items():
        yield f"ct status dnat {ip} saddr . {ip} daddr @host_ports_pods{version} masquerade fully-random"
