"""Functional probes: does this kernel do it? Tried in a namespace that is thrown away, never by name."""

from __future__ import annotations

from ipaddress import IPv4Address

from proa.errors import KernelError
from proa.kernel import links, netns
from proa.kernel.links import Link, Vxlan
from proa.kernel.netlink import Message, Netlink


def device(kind: str) -> None:
    """Makes a device of that kind; KernelError names the option that the kernel lacks."""
    with netns.throwaway(), Netlink() as netlink:
        netlink.execute([_sample(kind)])


def missing(kind: str) -> str:
    """Why this kernel has no devices of that kind; empty when it has them."""
    try:
        device(kind)
    except KernelError as error:
        return str(error)
    return ""


def _sample(kind: str) -> Message:
    if kind == "veth":
        return links.create_veth(Link("probe"), Link("probe-peer"))
    data = Vxlan(vni=1, port=4789, local=IPv4Address("127.0.0.1")) if kind == "vxlan" else None
    return links.create(Link("probe", kind, up=False, vxlan=data))
