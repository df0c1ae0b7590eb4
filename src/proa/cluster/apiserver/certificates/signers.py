"""The signers of Kubernetes: what each signs, and what it leaves alone. Pure.

Source: Kubernetes, certificate signing requests, built-in signers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cryptography import x509

from proa.cluster.apiserver.certificates.requests import common_name, organizations

CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
LEGACY = "kubernetes.io/legacy-unknown"
_ENCRYPTION = {"digital signature", "key encipherment"}
_NODES = ["system:nodes"]

Check = Callable[[x509.CertificateSigningRequest, Sequence[str]], str]
"""Why a request is not signed; empty when it is."""


def _client(_request: x509.CertificateSigningRequest, usages: Sequence[str]) -> str:
    if "client auth" not in usages or not set(usages) <= {"client auth", *_ENCRYPTION}:
        return "usages must be client auth, with digital signature and key encipherment at most"
    return ""


def _kubelet_client(request: x509.CertificateSigningRequest, usages: Sequence[str]) -> str:
    if organizations(request) != _NODES:
        return "subject organization is not system:nodes"
    if names_of(request):
        return "DNS or IP subjectAltNames are not allowed"
    if not common_name(request).startswith("system:node:"):
        return "subject common name does not begin with system:node:"
    return _client(request, usages)


def _kubelet_serving(request: x509.CertificateSigningRequest, usages: Sequence[str]) -> str:
    if organizations(request) != _NODES:
        return "subject organization is not system:nodes"
    if not common_name(request).startswith("system:node:"):
        return "subject common name does not begin with system:node:"
    if not names_of(request):
        return "DNS or IP subjectAltName is required"
    if "server auth" not in usages or not set(usages) <= {"server auth", *_ENCRYPTION}:
        return "usages must be server auth, with digital signature and key encipherment at most"
    return ""


CHECKS: Mapping[str, Check] = {
    CLIENT: _client,
    KUBELET_CLIENT: _kubelet_client,
    KUBELET_SERVING: _kubelet_serving,
    LEGACY: lambda _request, _usages: "",
}


def names_of(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    """The names and addresses that a request asks for."""
    try:
        return list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
