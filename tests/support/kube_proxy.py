"""The real kube-proxy in a network namespace."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.real_kubernetes import program


@contextmanager
def kube_proxy(path: Path, folder: Path, mode: str = "nftables", content_type: str = "") -> Iterator[Path]:
    """Runs it as the node `node` with `folder/kubeconfig` until the block ends; gives its log."""
    connection = {"kubeconfig": str(folder / "kubeconfig")}
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": mode,
        "clientConnection": connection | ({"contentType": content_type} if content_type else {}),
        "clusterCIDR": "10.42.0.0/16",
        "conntrack": {"maxPerCore": 0},
        "hostnameOverride": "node",
        "nodePortAddresses": ["primary"],
    }
    (folder / "kube-proxy.json").write_text(json.dumps(config))
    command = ["nsenter", f"--net={path}", program("kube-proxy"), f"--config={folder / 'kube-proxy.json'}"]
    output = folder / "kube-proxy.log"
    with output.open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield output
        finally:
            process.kill()
