"""Forwarding between devices, the setting that makes a host a router.

A host that becomes an IPv6 router hears router advertisements no more and drops the default route that
it has from one. So the devices that listen to them are told to go on listening (`accept_ra` 2).
Source: Documentation/networking/ip-sysctl.rst of the kernel.
"""

from __future__ import annotations

from pathlib import Path

from proa.kernel import sysctl

SETTINGS = {4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding"}
"""The setting of each IP family."""

_DEVICES = Path("/proc/sys/net/ipv6/conf")
_LISTENS, _LISTENS_ALWAYS = "1", "2"


def enable(version: int) -> None:
    """Makes the calling thread's namespace forward packets of IPv4 or IPv6."""
    if version == 6 and sysctl.read(SETTINGS[6]) == "0":
        for name in _listeners():
            sysctl.write(name, _LISTENS_ALWAYS)
    sysctl.write(SETTINGS[version], 1)


def present(version: int) -> dict[str, str]:
    """The settings that `enable` changes, with the values that they have now; for `sysctl.restore`."""
    found = {SETTINGS[version]: sysctl.read(SETTINGS[version])}
    if version == 6 and found[SETTINGS[6]] == "0":
        found |= dict.fromkeys(_listeners(), _LISTENS)
    return found


def _listeners() -> list[str]:
    """`accept_ra` of the devices that hear router advertisements as long as the host is no router."""
    devices = sorted(path.name for path in _DEVICES.iterdir() if path.name not in {"all", "default", "lo"})
    names = (f"net/ipv6/conf/{device}/accept_ra" for device in devices)
    return [name for name in names if sysctl.read(name) == _LISTENS]
