"""Where the API server is and who we are: a kubeconfig file, or the pod's own service account."""

from __future__ import annotations

import base64
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from proa.errors import UserError
from proa.kube.addresses import join_host_port

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_LIFE = 60.0
"""Seconds after which a token file is read again, since the kubelet renews it."""


@dataclass
class ClientConfig:
    """An API server and credentials for it."""

    server: str
    """Base URL, such as https://127.0.0.1:6443."""
    tls: ssl.SSLContext | None = None
    namespace: str = "default"
    fixed_token: str = ""
    token_file: Path | None = None
    _token: tuple[float, str] = field(default=(-_TOKEN_LIFE, ""), repr=False)

    def token(self) -> str:
        """The bearer token of the moment; empty when a client certificate speaks for us."""
        if self.token_file is None:
            return self.fixed_token
        read_at, token = self._token
        if time.monotonic() - read_at > _TOKEN_LIFE:
            token = self.token_file.read_text().strip()
            self._token = (time.monotonic(), token)
        return token


def load_config(kubeconfig: Path | None = None) -> ClientConfig:
    """From `kubeconfig`, $KUBECONFIG, the service account of a pod, or ~/.kube/config, in this order.

    Raises UserError that names the file and the key which is wrong.
    """
    named = kubeconfig or (Path(os.environ["KUBECONFIG"]) if os.environ.get("KUBECONFIG") else None)
    if named is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster()
    return _from_file(named or Path.home() / ".kube/config")


def _in_cluster() -> ClientConfig:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    return ClientConfig(
        server=f"https://{join_host_port(host, port)}",
        tls=ssl.create_default_context(cafile=str(_SERVICE_ACCOUNT / "ca.crt")),
        namespace=(_SERVICE_ACCOUNT / "namespace").read_text().strip(),
        token_file=_SERVICE_ACCOUNT / "token",
    )


def _from_file(path: Path) -> ClientConfig:
    try:
        config = yaml.safe_load(path.read_text())
    except OSError as fault:
        raise UserError(f"kubeconfig {path}: {fault.strerror}; set KUBECONFIG or --kubeconfig") from fault
    except yaml.YAMLError as fault:
        raise UserError(f"kubeconfig {path} is not YAML: {str(fault).splitlines()[0]}") from fault
    try:
        context = _named(config, "contexts", config["current-context"])["context"]
        cluster = _named(config, "clusters", context["cluster"])["cluster"]
        user = _named(config, "users", context["user"])["user"]
        server = cluster["server"].rstrip("/")
    except (KeyError, TypeError) as fault:
        raise UserError(f"kubeconfig {path}: {fault.args[0]!r} is missing") from fault
    if "exec" in user or "auth-provider" in user:
        raise UserError(f"kubeconfig {path}: credential plugins are not supported; use a token")
    return ClientConfig(
        server=server,
        tls=_tls(cluster, user, path.parent) if server.startswith("https:") else None,
        namespace=context.get("namespace", "default"),
        fixed_token=user.get("token", ""),
        token_file=path.parent / user["tokenFile"] if "tokenFile" in user else None,
    )


def _named(config: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    for entry in config[section]:
        if entry["name"] == name:
            return dict(entry)
    raise KeyError(f"{section}: {name}")


def _material(entry: Mapping[str, Any], key: str, folder: Path) -> bytes | None:
    """Contents of `key`-data, or of the file that `key` names."""
    if f"{key}-data" in entry:
        return base64.b64decode(str(entry[f"{key}-data"]))
    if key in entry:
        try:
            return Path(folder, str(entry[key])).read_bytes()
        except OSError as fault:
            raise UserError(f"kubeconfig: {key} {folder / entry[key]}: {fault.strerror}") from fault
    return None


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _material(cluster, "certificate-authority", folder)
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate, key = _material(user, "client-certificate", folder), _material(user, "client-key", folder)
    if certificate and key:
        _load_pair(context, certificate, key)
    return context


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL reads a pair only from a file: give it one that exists in memory alone."""
    handle = os.memfd_create("client", os.MFD_CLOEXEC)
    try:
        os.write(handle, certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
