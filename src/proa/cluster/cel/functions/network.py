"""IP addresses and CIDRs. Source: the apiserver's ip and cidr libraries.

Zones and IPv4 addresses that are mapped into IPv6 are refused.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, method, size_of, tenth, traversal
from proa.cluster.cel.runtime_types import register
from proa.cluster.cel.types import BOOL, INT, STRING, Type

IP = Type("opaque", "net.IP")
CIDR = Type("opaque", "net.CIDR")
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Cidr:
    """An address and the length of its prefix; the host's part may be set."""

    address: Ip
    length: int

    @property
    def cost_size(self) -> int:
        return -(-self.length // 8)


def _net(cidr: Cidr) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(f"{cidr.address}/{cidr.length}", strict=False)


register(ipaddress.IPv4Address, IP)
register(ipaddress.IPv6Address, IP)
register(Cidr, CIDR)


def _address(text: str) -> Ip:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        why = f"ParseAddr({json.dumps(text)}): unable to parse IP"
        raise Failure(
            f"IP Address {json.dumps(text)} parse error during conversion from string: {why}"
        ) from None
    if getattr(address, "scope_id", None):
        raise Failure(f"IP address {json.dumps(text)} with zone value is not allowed")
    _refuse_mapped(address, text)
    return address


def _refuse_mapped(address: Ip, text: str) -> None:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise Failure(f"IPv4-mapped IPv6 address {json.dumps(text)} is not allowed")


_CONVERSION = "network address parse error during conversion from string: "


def _cidr(text: str) -> Cidr:
    host, slash, length = text.rpartition("/")
    if not slash:
        raise Failure(f"{_CONVERSION * 2}netip.ParsePrefix({json.dumps(text)}): no '/'")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        why = f"ParseAddr({json.dumps(host)}): unable to parse IP"
        raise Failure(f"{_CONVERSION * 2}netip.ParsePrefix({json.dumps(text)}): {why}") from None
    if not _PREFIX.fullmatch(length):
        why = f"bad bits after slash: {json.dumps(length)}"
        raise Failure(f"{_CONVERSION * 2}netip.ParsePrefix({json.dumps(text)}): {why}")
    if int(length) > address.max_prefixlen:
        raise Failure(f"{_CONVERSION * 2}netip.ParsePrefix({json.dumps(text)}): prefix length out of range")
    try:
        _refuse_mapped(address, text)
    except Failure as error:
        raise Failure(f"{_CONVERSION}{error}") from None
    return Cidr(address, int(length))


def _valid(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except Failure:
            return False
        return True

    return check


def _is_global(address: Ip) -> bool:
    broadcast = isinstance(address, ipaddress.IPv4Address) and int(address) == 0xFFFFFFFF
    excluded = address.is_unspecified or address.is_loopback or address.is_multicast
    return not (broadcast or excluded or address.is_link_local)


def _is_link_local_multicast(address: Ip) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return int(address) >> 8 == 0xE00000
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 2


def _contains_ip(cidr: Cidr, address: Ip) -> bool:
    return address.version == cidr.address.version and address in _net(cidr)


def _contains_cidr(cidr: Cidr, other: Cidr) -> bool:
    return _contains_ip(cidr, other.address) and cidr.length <= other.length


def _contains_cost(args: Sequence[Any], _result: Any) -> int:
    cost = tenth(size_of(args[0]) * 2)
    return cost + (tenth(size_of(args[1])) if isinstance(args[1], str) else 0)


def _contains_cidr_cost(args: Sequence[Any], result: Any) -> int:
    return _contains_cost(args, result) + tenth(size_of(args[0])) + 1


_PARSING = traversal(0)

OVERLOADS = (
    function("ip", (STRING,), IP, _address, _PARSING),
    method("family", (IP,), INT, lambda address: address.version),
    function("ip.isCanonical", (STRING,), BOOL, lambda text: str(_address(text)) == text, traversal(0, 2)),
    method("isUnspecified", (IP,), BOOL, lambda address: address.is_unspecified),
    method("isLoopback", (IP,), BOOL, lambda address: address.is_loopback),
    method("isLinkLocalMulticast", (IP,), BOOL, _is_link_local_multicast),
    method("isLinkLocalUnicast", (IP,), BOOL, lambda address: address.is_link_local),
    method("isGlobalUnicast", (IP,), BOOL, _is_global),
    function("isIP", (STRING,), BOOL, _valid(_address), _PARSING),
    function("string", (IP,), STRING, str),
    function("cidr", (STRING,), CIDR, _cidr, _PARSING),
    method(
        "containsIP",
        (CIDR, STRING),
        BOOL,
        lambda cidr, text: _contains_ip(cidr, _address(text)),
        _contains_cost,
    ),
    method("containsIP", (CIDR, IP), BOOL, _contains_ip, _contains_cost),
    method(
        "containsCIDR",
        (CIDR, STRING),
        BOOL,
        lambda cidr, text: _contains_cidr(cidr, _cidr(text)),
        _contains_cidr_cost,
    ),
    method("containsCIDR", (CIDR, CIDR), BOOL, _contains_cidr, _contains_cidr_cost),
    method("ip", (CIDR,), IP, lambda cidr: cidr.address),
    method("prefixLength", (CIDR,), INT, lambda cidr: cidr.length),
    method("masked", (CIDR,), CIDR, lambda cidr: Cidr(_net(cidr).network_address, cidr.length)),
    function("isCIDR", (STRING,), BOOL, _valid(_cidr), _PARSING),
    function("string", (CIDR,), STRING, lambda cidr: f"{cidr.address}/{cidr.length}"),
)
