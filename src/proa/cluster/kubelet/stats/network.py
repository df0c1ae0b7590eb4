"""Counters of the interfaces of a pod, read through one of its processes (proc(5), /proc/pid/net/dev)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_DEFAULT = "eth0"


@dataclass(frozen=True, slots=True)
class Interface:
    """Bytes, packets, errors and drops since the interface was made."""

    name: str
    rx_bytes: int
    rx_errors: int
    tx_bytes: int
    tx_errors: int
    rx_packets: int = 0
    rx_dropped: int = 0
    tx_packets: int = 0
    tx_dropped: int = 0


def interfaces(pid: int) -> list[Interface]:
    """Interfaces in the network namespace of a process, eth0 first, loopback left out."""
    try:
        text = Path(f"/proc/{pid}/net/dev").read_text()
    except OSError:
        return []
    return sorted(parse_net_dev(text), key=lambda i: (i.name != _DEFAULT, i.name))


def parse_net_dev(text: str) -> list[Interface]:
    """The contents of /proc/net/dev, loopback left out."""
    found = []
    for line in text.splitlines()[2:]:
        name, _, rest = line.partition(":")
        if name.strip() != "lo":
            rx, rx_packets, rx_errors, rx_dropped, *_ = values = [int(word) for word in rest.split()]
            tx, tx_packets, tx_errors, tx_dropped = values[8:12]
            bytes_and_errors = (rx, rx_errors, tx, tx_errors)
            packets = (rx_packets, rx_dropped, tx_packets, tx_dropped)
            found.append(Interface(name.strip(), *bytes_and_errors, *packets))
    return found
