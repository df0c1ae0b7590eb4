"""Cluster DNS: a server for each node, and the Service kube-dns that leads to them."""

from proa.cluster.dns.config import DnsConfig
from proa.cluster.dns.kube_dns import setup
from proa.cluster.dns.server import DnsServer

__all__ = ["DnsConfig", "DnsServer", "setup"]
