"""The pod network: CNI plugin and daemon, addresses, backends, masquerade."""

from proa.network.agent import NetworkAgent
from proa.network.cleanup import cleanup
from proa.network.config import NetworkConfig
from proa.network.install import install_plugin
from proa.network.netconf import NetConf, net_conf, parse_net_conf, read_net_conf

__all__ = [
    "NetConf",
    "NetworkAgent",
    "NetworkConfig",
    "cleanup",
    "install_plugin",
    "net_conf",
    "parse_net_conf",
    "read_net_conf",
]
