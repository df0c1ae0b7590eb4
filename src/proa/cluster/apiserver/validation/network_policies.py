"""NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from proa.cluster.apiserver.schema.field_error import FieldError, forbidden, invalid_value, required
from proa.cluster.apiserver.validation.common import elements, network, one_of, port, selector
from proa.cluster.apiserver.validation.containers import port_name
from proa.kube.resources import Object

_TYPES = ("Ingress", "Egress")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


def network_policy(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """NetworkPolicy."""
    spec = obj.get("spec") or {}
    yield from selector("spec.podSelector", spec.get("podSelector"))
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for at, rule in elements(spec, "spec", direction):
            for place, item in elements(rule, at, "ports"):
                yield from _port(place, item)
            for place, peer in elements(rule, at, peers):
                yield from _peer(place, peer)
    types = spec.get("policyTypes") or ()
    if len(types) > len(_TYPES):
        yield invalid_value("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(types):
        yield from one_of(f"spec.policyTypes[{index}]", kind, _TYPES)


def _port(field: str, item: Object) -> Iterator[FieldError]:
    yield from one_of(f"{field}.protocol", item.get("protocol"), _PROTOCOLS)
    first, last = item.get("port"), item.get("endPort")
    if isinstance(first, int):
        yield from port(f"{field}.port", first)
    elif first is not None:
        yield from port_name(f"{field}.port", first)
    if last is None:
        return
    if first is None:
        yield invalid_value(f"{field}.endPort", last, "may not be specified when `port` is not specified")
    elif not isinstance(first, int):
        yield invalid_value(f"{field}.endPort", last, "may not be specified when `port` is non-numeric")
    else:
        if last < first:
            yield invalid_value(f"{field}.endPort", last, "must be greater than or equal to `port`")
        yield from port(f"{field}.endPort", last)


def _peer(field: str, peer: Object) -> Iterator[FieldError]:
    block = peer.get("ipBlock")
    if not peer:
        yield required(field, "must specify a peer")
    if block is not None and len(peer) > 1:
        yield forbidden(field, "may not specify both ipBlock and another peer")
    if block is not None:
        yield from _block(f"{field}.ipBlock", block)
    for name in ("podSelector", "namespaceSelector"):
        yield from selector(f"{field}.{name}", peer.get(name))


def _block(field: str, block: Object) -> Iterator[FieldError]:
    cidr = block.get("cidr") or ""
    if not cidr:
        yield required(f"{field}.cidr")
        return
    yield from (problems := list(network(f"{field}.cidr", cidr)))
    if problems:
        return
    whole = ip_network(cidr, strict=False)
    for index, text in enumerate(block.get("except") or ()):
        at = f"{field}.except[{index}]"
        yield from (problems := list(network(at, text)))
        part = None if problems else ip_network(text, strict=False)
        if part is not None and (part == whole or not _within(part, whole)):
            yield invalid_value(at, text, "must be a strict subset of `cidr`")


def _within(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    return part.version == whole.version and part.subnet_of(whole)  # type: ignore[arg-type]
