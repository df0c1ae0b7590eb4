"""The CNI commands of a node: what happens on ADD, DEL, CHECK, GC and STATUS. Blocking; thread-safe."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any

from proa.errors import KernelError
from proa.kernel.routes import IPAddress
from proa.network import cni, endpoint, host_ports
from proa.network.cni import CniError, Request
from proa.network.endpoint import Endpoint
from proa.network.host_ports import PortTaken
from proa.network.ipam import Ipam
from proa.network.pool import Exhausted
from proa.network.port_rules import PortRules
from proa.network.store import Allocation

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What every endpoint of this node has in common; the node's addresses are by IP version."""

    mtu: int
    node_addresses: Mapping[int, IPAddress]


class Attachments:
    """Answers requests once `settings` are known; until then the runtime is told to try again."""

    def __init__(self, ipam: Ipam, ports: PortRules) -> None:
        self._ipam = ipam
        self._ports = ports
        self.settings: Settings | None = None
        self._commands: dict[str, Callable[[Request], dict[str, Any]]] = {
            "ADD": self._add,
            "DEL": self._delete,
            "CHECK": self._check,
            "GC": self._collect,
            "STATUS": self._status,
        }

    def answer(self, request: Request) -> dict[str, Any]:
        """What is printed for a request; CniError for a refusal."""
        try:
            return self._commands[request.command](request)
        except (KernelError, Exhausted, PortTaken) as error:
            raise CniError(cni.REFUSED, str(error)) from error
        except sqlite3.Error as error:
            raise CniError(cni.IO_FAILURE, f"the allocations cannot be written: {error}") from error

    def _add(self, request: Request) -> dict[str, Any]:
        settings = self._ready()
        device = endpoint.device_name(request.container, request.ifname)
        fresh = self._ipam.get(device) is None
        ports = host_ports.requested(request.config)
        allocation = self._ipam.allocate(device, request.container, request.ifname, ports)
        try:
            made = endpoint.attach(self._endpoint(request, allocation, settings))
            self._ports.add(allocation)
        except BaseException:
            if fresh:
                endpoint.detach(device)
                self._release([device])
            raise
        _log.info("attached %s of %s: %s", request.ifname, request.container, _words(allocation))
        return cni.result(made, request.version, request.config.get("prevResult"))

    def _delete(self, request: Request) -> dict[str, Any]:
        device = endpoint.device_name(request.container, request.ifname)
        endpoint.detach(device)
        for allocation in self._release([device]):
            _log.info("detached %s of %s: %s", request.ifname, request.container, _words(allocation))
        return {}

    def _check(self, request: Request) -> dict[str, Any]:
        settings = self._ready()
        device = endpoint.device_name(request.container, request.ifname)
        allocation = self._ipam.get(device)
        if allocation is None:
            raise CniError(cni.UNKNOWN_CONTAINER, f"{request.ifname} of {request.container} is not attached")
        faults = endpoint.faults(self._endpoint(request, allocation, settings))
        told = {str(ip.get("address")) for ip in request.config.get("prevResult", {}).get("ips", ())}
        faults += [
            f"{it} is not in prevResult" for it in allocation.addresses if str(ip_interface(it)) not in told
        ]
        if faults:
            raise CniError(cni.REFUSED, f"{request.ifname} of {request.container}: {'; '.join(faults)}")
        return {}

    def _collect(self, request: Request) -> dict[str, Any]:
        """Removes what none of the attachments that the runtime knows needs."""
        valid = request.config.get("cni.dev/valid-attachments")
        if not isinstance(valid, list):
            raise CniError(cni.BAD_CONFIGURATION, "cni.dev/valid-attachments is missing")
        kept = {endpoint.device_name(str(it["containerID"]), str(it["ifname"])) for it in valid}
        stale = [allocation.device for allocation in self._ipam.all() if allocation.device not in kept]
        for device in stale:
            endpoint.detach(device)
        for allocation in self._release(stale):
            _log.info("collected %s: %s", allocation.container or allocation.device, _words(allocation))
        return {}

    def _release(self, devices: Sequence[str]) -> list[Allocation]:
        """Gives back what interfaces had that are gone."""
        with self._ports.removed(filter(None, map(self._ipam.get, devices))):
            return self._ipam.release(devices)

    def _status(self, request: Request) -> dict[str, Any]:
        if self.settings is None:
            raise CniError(cni.NOT_AVAILABLE, f"the network {request.config.get('name')} is not ready yet")
        for subnet, used, size in self._ipam.usage():
            if used >= size:
                raise CniError(cni.NOT_AVAILABLE, f"no free address in {subnet}: {used} of {size} are in use")
        return {}

    def _ready(self) -> Settings:
        if self.settings is None:
            raise CniError(cni.TRY_AGAIN, "the network of this node is not ready yet")
        return self.settings

    def _endpoint(self, request: Request, allocation: Allocation, settings: Settings) -> Endpoint:
        named = Allocation(allocation.device, request.container, request.ifname, allocation.addresses)
        return Endpoint(named, request.netns, settings.mtu, settings.node_addresses)


def _words(allocation: Allocation) -> str:
    ports = f", host ports {', '.join(map(str, allocation.ports))}" if allocation.ports else ""
    return f"{', '.join(map(str, allocation.addresses))} on {allocation.device}{ports}"
