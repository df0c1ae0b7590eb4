"""The allocations on disk: one SQLite file, every change on the disk before it is answered.

The key is the name of the host's device, which derives from container id and interface name: so an
allocation is found again from what the runtime says as well as from what the kernel lists.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from ipaddress import ip_address
from pathlib import Path

from proa.errors import UserError
from proa.kernel.routes import IPAddress
from proa.network.host_ports import HostPort

_SCHEMA = """
CREATE TABLE IF NOT EXISTS allocation (
  address TEXT PRIMARY KEY, device TEXT NOT NULL, container TEXT NOT NULL, ifname TEXT NOT NULL,
  since REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS allocation_device ON allocation (device);
CREATE TABLE IF NOT EXISTS host_port (
  device TEXT NOT NULL, protocol TEXT NOT NULL, port INTEGER NOT NULL, host TEXT NOT NULL,
  target INTEGER NOT NULL, PRIMARY KEY (protocol, port, host)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS released (number INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL UNIQUE);
"""
_ALL = "SELECT device, container, ifname, address FROM allocation ORDER BY device, address"
_PORTS = "SELECT protocol, port, host, target FROM host_port WHERE device = ?"


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one interface of one container has; both names are empty when they are not known."""

    device: str
    container: str
    ifname: str
    addresses: tuple[IPAddress, ...]
    ports: tuple[HostPort, ...] = ()


class AllocationStore:
    """Allocations and the order of releases. Its caller serialises access."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file; UserError when it is damaged (nothing is deleted)."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"{path}: {error}; move it away: addresses of running pods are read from the kernel"
            ) from error

    def close(self) -> None:
        self._db.close()

    def all(self) -> list[Allocation]:
        """Every allocation."""
        rows = self._db.execute(_ALL)
        found: dict[str, Allocation] = {}
        for device, container, ifname, address in rows:
            held = found[device].addresses if device in found else ()
            found[device] = Allocation(device, container, ifname, (*held, ip_address(address)))
        return [replace(it, ports=self._ports(it.device)) for it in found.values()]

    def released(self) -> list[IPAddress]:
        """Addresses that were held and given back, the longest ago first."""
        rows = self._db.execute("SELECT address FROM released ORDER BY number")
        return [ip_address(address) for (address,) in rows]

    def insert(self, allocation: Allocation) -> None:
        """Writes an allocation; sqlite3.IntegrityError when one of its addresses is held."""
        held = (allocation.device, allocation.container, allocation.ifname, time.time())
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for address in map(str, allocation.addresses):
                self._db.execute("DELETE FROM released WHERE address = ?", (address,))
                self._db.execute("INSERT INTO allocation VALUES (?, ?, ?, ?, ?)", (address, *held))
            for port in allocation.ports:
                self._db.execute(
                    "INSERT INTO host_port VALUES (?, ?, ?, ?, ?)", (allocation.device, *astuple(port))
                )

    def remove(self, allocations: Iterable[Allocation]) -> None:
        """Takes allocations out; their addresses go to the end of the released ones."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for allocation in allocations:
                self._db.execute("DELETE FROM allocation WHERE device = ?", (allocation.device,))
                self._db.execute("DELETE FROM host_port WHERE device = ?", (allocation.device,))
                for address in map(str, allocation.addresses):
                    self._db.execute("INSERT OR REPLACE INTO released (address) VALUES (?)", (address,))

    def _ports(self, device: str) -> tuple[HostPort, ...]:
        return tuple(HostPort(*row) for row in self._db.execute(_PORTS, (device,)))
