"""Cutting the cluster's pod range into one range per node: pure, and never twice the same."""

from __future__ import annotations

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class CidrRangeFullError(Exception):
    """Every range is in use."""


class PodCidrs:
    """Which node holds which range. Ranges outside of the cluster's are remembered but never given."""

    def __init__(self, cluster_cidr: str, mask_size: int) -> None:
        self._whole: Network = ipaddress.ip_network(cluster_cidr)
        self._mask_size = mask_size
        self._by_node: dict[str, Network] = {}
        self._next = 0
        if mask_size < self._whole.prefixlen or mask_size > self._whole.max_prefixlen:
            raise ValueError(f"node mask size {mask_size} does not fit the cluster range {cluster_cidr}")
        self._count = 1 << (mask_size - self._whole.prefixlen)

    def occupy(self, node: str, cidr: str) -> None:
        """The node holds this range already."""
        self._by_node[node] = ipaddress.ip_network(cidr, strict=False)

    def release(self, node: str) -> None:
        """The node is gone; its range comes last among the free ones."""
        self._by_node.pop(node, None)

    def allocate(self, node: str) -> str:
        """The node's range, a free one if it has none yet. Raises CidrRangeFullError."""
        if node not in self._by_node:
            self._by_node[node] = self._free()
        return str(self._by_node[node])

    def _free(self) -> Network:
        for step in range(self._count):
            index = (self._next + step) % self._count
            candidate = self._range(index)
            if not any(
                candidate.version == held.version and candidate.overlaps(held)
                for held in self._by_node.values()
            ):
                self._next = index + 1
                return candidate
        raise CidrRangeFullError(f"all {self._count} ranges of {self._whole} are in use")

    def _range(self, index: int) -> Network:
        size = self._whole.max_prefixlen - self._mask_size
        start = int(self._whole.network_address) + (index << size)
        return type(self._whole)((start, self._mask_size))
