"""Where everything lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proa.cluster.keypair import KeyPair


@dataclass(frozen=True)
class NodeLayout:
    """The places of one node."""

    root: Path
    run: Path
    plugins: Path
    """The folder of the CNI plugins, which all nodes of a machine share."""

    @property
    def containerd_config(self) -> Path:
        return self.root / "containerd.toml"

    @property
    def containerd_root(self) -> Path:
        return self.root / "containerd"

    @property
    def containerd_state(self) -> Path:
        return self.run / "containerd"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def network_socket(self) -> Path:
        return self.run / "cni.sock"

    @property
    def network_config(self) -> Path:
        return self.root / "cni" / "net.d"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def agent_kubeconfig(self) -> Path:
        """For all of the agent but its kubelet, which may less as it is a node to the API server."""
        return self.root / "agent-kubeconfig"

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    @property
    def serving(self) -> KeyPair:
        """The kubelet's serving certificate."""
        return KeyPair.at(self.root / "pki", "kubelet")

    @property
    def client(self) -> KeyPair:
        """The certificate by which the API server knows the node."""
        return KeyPair.at(self.root / "pki", "client")

    @property
    def agent_client(self) -> KeyPair:
        """The certificate of the agent's other parts."""
        return KeyPair.at(self.root / "pki", "agent")

    @property
    def authority(self) -> Path:
        return self.root / "pki" / "ca.crt"


@dataclass(frozen=True)
class Layout:
    """The places of a cluster: its state and what lasts only as long as it runs."""

    data: Path
    run: Path

    @property
    def tls(self) -> Path:
        return self.data / "server" / "tls"

    @property
    def database(self) -> Path:
        return self.data / "server" / "db" / "state.db"

    @property
    def server_settings(self) -> Path:
        return self.data / "server" / "settings.json"

    @property
    def encryption_config(self) -> Path:
        """The keys of `--secrets-encryption`."""
        return self.data / "server" / "cred" / "encryption-config.yaml"

    @property
    def record(self) -> Path:
        """What `proa up` did."""
        return self.data / "cluster.json"

    @property
    def images(self) -> Path:
        return self.data / "images"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def storage(self) -> Path:
        """Where local-path volumes go unless told otherwise."""
        return self.data / "storage"

    @property
    def supervisor(self) -> Path:
        return self.run / "supervisor"

    @property
    def plugins(self) -> Path:
        return self.data / "agent" / "bin"

    def server_pair(self, name: str) -> KeyPair:
        """A certificate of the server's: ca, server, admin, request-header-ca and so on."""
        return KeyPair.at(self.tls, name)

    @property
    def signing_key(self) -> Path:
        """The key of service-account tokens."""
        return self.tls / "service-account.key"

    def node(self, name: str) -> NodeLayout:
        return NodeLayout(self.data / "agent" / name, self.run / name, self.plugins)
