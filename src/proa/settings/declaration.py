"""The settings themselves. Names and defaults are those of k3s where it has the same thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

from proa.settings import ranges, values

COMMON, SERVER, AGENT = frozenset({"common"}), frozenset({"server"}), frozenset({"agent"})
BACKENDS = ("vxlan", "host-gw", "none")
# The names that k3s takes; a part that proa does not bring yet is left out in any case.
COMPONENTS = ("coredns", "local-storage", "metrics-server", "servicelb", "traefik")


class Option(NamedTuple):
    """What is known of a setting beside its name, type and default."""

    help: str
    groups: frozenset[str]
    """The commands that have it; COMMON is for all."""
    parse: Callable[[str], Any] = str
    """From text to value; ValueError says what is allowed instead."""
    short: str = ""
    by_commas: bool = False
    """Whether one flag of a list may have several values."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process, whole and checked."""

    data_dir: Annotated[Path, Option("Folder of the cluster's state", COMMON, values.path, "-d")] = Path(
        "/var/lib/proa"
    )
    run_dir: Annotated[Path, Option("Folder of sockets and process files", COMMON, values.path)] = Path(
        "/run/proa"
    )
    write_kubeconfig: Annotated[
        Path, Option("Where the administrator's kubeconfig is", COMMON, values.path, "-o")
    ] = Path("/etc/proa/kubeconfig")
    write_kubeconfig_mode: Annotated[int, Option("Its mode", SERVER, values.mode)] = 0o600
    debug: Annotated[bool, Option("Log more", SERVER | AGENT, values.boolean)] = False

    bind_address: Annotated[str, Option("Address that the API server listens on", SERVER, values.address)] = (
        "0.0.0.0"
    )
    advertise_address: Annotated[
        str, Option("Where pods reach the API server (default: the node's address)", SERVER, values.address)
    ] = ""
    https_listen_port: Annotated[
        int, Option("Port that the API server listens on", SERVER | AGENT, values.port)
    ] = 6443
    tls_san: Annotated[
        tuple[str, ...], Option("Further name or address in the server's certificate", SERVER, values.host)
    ] = ()
    cluster_cidr: Annotated[
        tuple[str, ...],
        Option("Network of the pods, of each IP family", SERVER | AGENT, values.network, by_commas=True),
    ] = ("10.42.0.0/16",)
    service_cidr: Annotated[
        tuple[str, ...],
        Option("Network of the Services, of each IP family", SERVER | AGENT, values.network, by_commas=True),
    ] = ("10.43.0.0/16",)
    cluster_dns: Annotated[
        tuple[str, ...],
        Option(
            "Address of the cluster's DNS, of each IP family (default: the tenth of the Services')",
            SERVER | AGENT,
            values.given_address,
            by_commas=True,
        ),
    ] = ()
    node_cidr_mask_size_ipv4: Annotated[
        int, Option("Prefix length of a node's part of the pods' IPv4 network", SERVER, values.count)
    ] = 24
    node_cidr_mask_size_ipv6: Annotated[
        int, Option("Prefix length of a node's part of the pods' IPv6 network", SERVER, values.count)
    ] = 64
    cluster_domain: Annotated[str, Option("Domain of the cluster", SERVER | AGENT, values.domain)] = (
        "cluster.local"
    )
    disable: Annotated[
        tuple[str, ...], Option("Component to leave out", SERVER | AGENT, values.one_of(*COMPONENTS))
    ] = ()
    disable_kube_proxy: Annotated[
        bool, Option("Leave the Services' data path to another proxy", SERVER | AGENT, values.boolean)
    ] = False
    node_monitor_grace_period: Annotated[
        float, Option("Seconds of silence after which a node counts as lost", SERVER, values.seconds)
    ] = 4.0
    kube_controller_manager_arg: Annotated[
        tuple[str, ...], Option("Argument of the controllers, NAME=VALUE", SERVER, values.argument)
    ] = ()
    default_local_storage_path: Annotated[
        Path | None,
        Option(
            "Where local-path volumes go (default: storage in the data folder)", SERVER | AGENT, values.path
        ),
    ] = None

    anonymous_auth: Annotated[
        bool, Option("Let requests without a credential be those of system:anonymous", SERVER, values.boolean)
    ] = False
    max_requests_inflight: Annotated[
        int, Option("Reads under way at once (0: no limit)", SERVER, values.count)
    ] = 400
    max_mutating_requests_inflight: Annotated[
        int, Option("Writes under way at once (0: no limit)", SERVER, values.count)
    ] = 200
    request_timeout: Annotated[
        int, Option("Seconds that a request may take that is no watch or stream", SERVER, values.count)
    ] = 60
    audit_policy_file: Annotated[
        Path | None, Option("Policy of what is audited (audit.k8s.io/v1)", SERVER, values.path)
    ] = None
    audit_log_path: Annotated[
        Path | None, Option("File of audit events; - is the standard output", SERVER, values.log_file)
    ] = None
    audit_log_maxsize: Annotated[
        int, Option("Megabytes at which that file is put aside (0: never)", SERVER, values.count)
    ] = 100
    audit_log_maxbackup: Annotated[
        int, Option("Files put aside that are kept (0: all)", SERVER, values.count)
    ] = 0
    audit_log_maxage: Annotated[
        int, Option("Days that they are kept (0: for ever)", SERVER, values.count)
    ] = 0
    secrets_encryption: Annotated[bool, Option("Encrypt Secrets at rest", SERVER, values.boolean)] = False
    encryption_provider_config: Annotated[
        Path | None,
        Option("Keys for it, an EncryptionConfiguration (default: proa's own)", SERVER, values.path),
    ] = None

    flannel_backend: Annotated[
        str, Option("How nodes reach each other's pods", SERVER | AGENT, values.one_of(*BACKENDS))
    ] = "vxlan"
    flannel_iface: Annotated[
        str, Option("Interface between nodes (default: that of the node's address)", AGENT, values.interface)
    ] = ""
    flannel_ipv6_masq: Annotated[
        bool,
        Option(
            "Hide pods' IPv6 addresses outside of the cluster",
            SERVER | AGENT,
            values.boolean,
        ),
    ] = False
    node_name: Annotated[
        str, Option("Name of the node (default: that of the host)", AGENT, values.node_name)
    ] = ""
    node_ip: Annotated[
        tuple[str, ...],
        Option(
            "Address of the node, of each IP family (default: that of the default route)",
            AGENT,
            values.given_address,
            by_commas=True,
        ),
    ] = ()
    node_label: Annotated[tuple[str, ...], Option("Label of the node, KEY=VALUE", AGENT, values.label)] = ()
    max_pods: Annotated[int, Option("How many pods the node takes", AGENT, values.count)] = 110
    default_runtime: Annotated[
        str, Option("What runs pods that name no RuntimeClass", AGENT, values.one_of("runc", "crun"))
    ] = "runc"
    kubelet_arg: Annotated[
        tuple[str, ...], Option("Argument of the kubelet, NAME=VALUE", AGENT, values.argument)
    ] = ()
    node_taint: Annotated[
        tuple[str, ...], Option("Taint of the node, KEY=VALUE:EFFECT", AGENT, values.taint)
    ] = ()

    def __post_init__(self) -> None:
        """Fill in what follows from other settings. Raises UserError for what does not fit together."""
        if not self.cluster_dns:
            object.__setattr__(self, "cluster_dns", ranges.dns_addresses(self.service_cidr))
        masks = {4: self.node_cidr_mask_size_ipv4, 6: self.node_cidr_mask_size_ipv6}
        ranges.check(self.cluster_cidr, self.service_cidr, self.cluster_dns, masks)
        ranges.check_addresses("--node-ip", self.node_ip)

    def as_text(self) -> dict[str, Any]:
        """As JSON's plain values, so that `from_text` makes the same settings in another process."""
        pairs = ((item.name, getattr(self, item.name)) for item in fields(self))
        return {name: _as_text(name, value) for name, value in pairs if value is not None}


@cache
def options() -> dict[str, Option]:
    """Every setting by its name in Python, in the order of declaration."""
    hints = get_type_hints(Settings, include_extras=True)
    return {item.name: hints[item.name].__metadata__[0] for item in fields(Settings)}


def options_of(groups: frozenset[str]) -> dict[str, Option]:
    """The settings that a command of these groups has."""
    return {name: option for name, option in options().items() if option.groups & (groups | COMMON)}


def is_list(name: str) -> bool:
    return isinstance(getattr(Settings, name), tuple)


def is_switch(name: str) -> bool:
    return isinstance(getattr(Settings, name), bool)


def default_text(name: str) -> str:
    """A setting's default as help shows it; empty when there is none or help tells it in words."""
    default = getattr(Settings, name)
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if default in (None, "", False) else _as_text(name, default)


def _as_text(name: str, value: Any) -> Any:
    if name == "write_kubeconfig_mode":
        return f"{value:o}"
    return list(value) if isinstance(value, tuple) else str(value)
