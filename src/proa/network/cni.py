"""The CNI contract as values: requests, results, errors. Source: CNI specification 1.1.0."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any

from proa.errors import ProaError
from proa.kernel.routes import IPAddress

VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
COMMANDS = ("ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION")
_SINCE = {"CHECK": "0.4.0", "GC": "1.1.0", "STATUS": "1.1.0"}
_CONTAINER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*")
_IFNAME = re.compile(r"(?!\.{1,2}$)[^/:\s\0]{1,15}")

INCOMPATIBLE, UNKNOWN_CONTAINER, BAD_ENVIRONMENT, IO_FAILURE = 1, 3, 4, 5
UNDECODABLE, BAD_CONFIGURATION, TRY_AGAIN, NOT_AVAILABLE = 6, 7, 11, 50
REFUSED = 100
"""Our own: the kernel or the address management said no; the message says what."""


class CniError(ProaError):
    """An answer that is an error; `code` as in the specification."""

    def __init__(self, code: int, message: str, details: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class Request:
    """What a runtime asks for."""

    command: str
    container: str
    netns: str
    ifname: str
    config: dict[str, Any]

    @property
    def version(self) -> str:
        return str(self.config.get("cniVersion", "0.3.1"))


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface pair and its addresses: what ADD made."""

    device: str
    device_mac: str
    ifname: str
    mac: str
    netns: str
    mtu: int
    addresses: tuple[IPAddress, ...]
    gateways: tuple[IPAddress, ...]


def parse_request(data: bytes) -> Request:
    """The request in a message of the plugin (see plugin.pl); CniError when it is not in order."""
    head, _, body = data.partition(b"\0\0")
    environment = dict(item.decode().partition("=")[::2] for item in head.split(b"\0"))
    try:
        config = json.loads(body)
    except ValueError as error:
        raise CniError(UNDECODABLE, f"the network configuration is not JSON: {error}") from error
    if not isinstance(config, dict):
        raise CniError(UNDECODABLE, "the network configuration is not a JSON object")
    request = Request(
        environment.get("CNI_COMMAND", ""),
        environment.get("CNI_CONTAINERID", ""),
        environment.get("CNI_NETNS", ""),
        environment.get("CNI_IFNAME", ""),
        config,
    )
    _validate(request)
    return request


def _validate(request: Request) -> None:
    if request.command not in COMMANDS:
        raise CniError(BAD_ENVIRONMENT, f"CNI_COMMAND {request.command!r} is none of {', '.join(COMMANDS)}")
    if request.version not in VERSIONS:
        supported = ", ".join(VERSIONS)
        raise CniError(
            INCOMPATIBLE, f"cniVersion {request.version} is not supported", f"supported: {supported}"
        )
    if VERSIONS.index(request.version) < VERSIONS.index(_SINCE.get(request.command, VERSIONS[0])):
        since = _SINCE[request.command]
        raise CniError(INCOMPATIBLE, f"{request.command} needs cniVersion {since}, not {request.version}")
    if request.command in {"ADD", "DEL", "CHECK"}:
        if not _CONTAINER.fullmatch(request.container):
            raise CniError(BAD_ENVIRONMENT, f"CNI_CONTAINERID {request.container!r} is not a container id")
        if not _IFNAME.fullmatch(request.ifname):
            raise CniError(BAD_ENVIRONMENT, f"CNI_IFNAME {request.ifname!r} is not an interface name")
    if request.command in {"ADD", "CHECK"} and not request.netns:
        raise CniError(BAD_ENVIRONMENT, "CNI_NETNS is missing")


def result(made: Interface, version: str, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    """What ADD prints; what plugins before us in the chain made stays in front."""
    before = previous or {}
    interfaces = list(before.get("interfaces", ()))
    old = version < "1"
    host: dict[str, Any] = {"name": made.device, "mac": made.device_mac}
    pod: dict[str, Any] = {"name": made.ifname, "mac": made.mac, "sandbox": made.netns}
    if version >= "1.1":
        host, pod = host | {"mtu": made.mtu}, pod | {"mtu": made.mtu}
    ips = [
        ({"version": str(address.version)} if old else {})
        | {"interface": len(interfaces) + 1, "address": str(ip_interface(address)), "gateway": str(gateway)}
        for address, gateway in zip(made.addresses, made.gateways, strict=True)
    ]
    routes = [{"dst": "0.0.0.0/0" if hop.version == 4 else "::/0", "gw": str(hop)} for hop in made.gateways]
    return {
        "cniVersion": version,
        "interfaces": [*interfaces, host, pod],
        "ips": [*before.get("ips", ()), *ips],
        "routes": [*before.get("routes", ()), *routes],
        "dns": before.get("dns", {}),
    }


def error(fault: CniError, version: str) -> dict[str, Any]:
    """What is printed for an error."""
    body = {"cniVersion": version, "code": fault.code, "msg": str(fault)}
    return body | {"details": fault.details} if fault.details else body
