"""Names as a pod sees them: its resolver, its host name, its hosts file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.pods import is_host_network
from proa.kube import Object

_MOST_SERVERS, _MOST_SEARCHES = 3, 32
"""As many as resolvers look at, and as the kubelet writes."""
_LONGEST_HOST_NAME = 63
_HOSTS_HEADER = "# Kubernetes-managed hosts file."
_NODE_HOSTS_HEADER = "# Kubernetes-managed hosts file (host network)."


@dataclass(frozen=True)
class Resolver:
    """Contents of a resolv.conf."""

    servers: Sequence[str] = ()
    searches: Sequence[str] = ()
    options: Sequence[str] = field(default_factory=tuple)

    def message(self) -> dict[str, Any]:
        """As the runtime's DNSConfig."""
        return {"servers": self.servers, "searches": self.searches, "options": self.options}


def parse_resolver(text: str) -> Resolver:
    """Read a resolv.conf."""
    servers, searches, options = [], [], []
    for line in text.splitlines():
        keyword, *values = line.split() or [""]
        if keyword == "nameserver":
            servers += values[:1]
        elif keyword in ("search", "domain"):
            searches = values
        elif keyword == "options":
            options += values
    return Resolver(servers, searches, options)


def pod_resolver(pod: Object, config: KubeletConfig, node: Resolver) -> Resolver:
    """The resolver that dnsPolicy and dnsConfig ask for; `node` is the node's own."""
    policy = pod["spec"].get("dnsPolicy") or "ClusterFirst"
    cluster = policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not is_host_network(pod))
    if policy == "None":
        base = Resolver()
    elif cluster:
        base = _cluster_resolver(pod["metadata"]["namespace"], config, node)
    else:
        base = node
    extra = pod["spec"].get("dnsConfig") or {}
    return Resolver(
        _unique([*base.servers, *(extra.get("nameservers") or ())])[:_MOST_SERVERS],
        _unique([*base.searches, *(extra.get("searches") or ())])[:_MOST_SEARCHES],
        _merge_options(base.options, extra.get("options") or ()),
    )


def _cluster_resolver(namespace: str, config: KubeletConfig, node: Resolver) -> Resolver:
    domain = config.cluster_domain
    searches = [f"{namespace}.svc.{domain}", f"svc.{domain}", domain, *node.searches]
    return Resolver(config.cluster_dns, searches, ["ndots:5"])


def _merge_options(base: Sequence[str], extra: Iterable[Object]) -> list[str]:
    merged = {option.partition(":")[0]: option for option in base}
    for option in extra:
        value = option.get("value")
        merged[option["name"]] = f"{option['name']}:{value}" if value else option["name"]
    return list(merged.values())


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def host_name(pod: Object, config: KubeletConfig) -> str:
    """The host name inside the pod, cut to what Linux allows."""
    if is_host_network(pod):
        return config.node_name
    if pod["spec"].get("hostnameOverride") is not None:
        return str(pod["spec"]["hostnameOverride"])
    name = str(pod["spec"].get("hostname") or pod["metadata"]["name"])
    return name[:_LONGEST_HOST_NAME].rstrip("-.")


def full_name(pod: Object, config: KubeletConfig) -> str:
    """`host.subdomain.namespace.svc.domain`; empty when the pod has no subdomain or a name of its own."""
    subdomain = pod["spec"].get("subdomain")
    if not subdomain or pod["spec"].get("hostnameOverride") is not None:
        return ""
    namespace = pod["metadata"]["namespace"]
    return f"{host_name(pod, config)}.{subdomain}.{namespace}.svc.{config.cluster_domain}"


def kernel_host_name(pod: Object, config: KubeletConfig) -> str:
    """What `hostname` says in the pod: the full name, if setHostnameAsFQDN asks for it and there is one."""
    full = full_name(pod, config) if pod["spec"].get("setHostnameAsFQDN") else ""
    return full or host_name(pod, config)


def hosts_file(pod: Object, config: KubeletConfig, ips: Sequence[str]) -> str:
    """Contents of the pod's /etc/hosts."""
    lines = [
        _HOSTS_HEADER,
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
    ]
    names = "\t".join(filter(None, (full_name(pod, config), host_name(pod, config))))
    lines += [f"{ip}\t{names}" for ip in ips]
    lines += _aliases(pod)
    return "\n".join(lines) + "\n"


def host_network_hosts_file(pod: Object, node_file: str) -> str:
    """The node's own hosts file with the pod's aliases."""
    aliases = _aliases(pod)
    return "\n".join([_NODE_HOSTS_HEADER, node_file.rstrip("\n"), *aliases]) + "\n"


def _aliases(pod: Object) -> list[str]:
    entries = pod["spec"].get("hostAliases") or ()
    if not entries:
        return []
    return ["", "# Entries added by HostAliases.",
            *("\t".join([e["ip"], *(e.get("hostnames") or ())]) for e in entries)]  # fmt: skip
