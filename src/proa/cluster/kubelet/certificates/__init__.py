"""Certificates that pods get by projected volumes, and the authorities that they are told to trust."""

from proa.cluster.kubelet.certificates.issuance import Credential, PodCertificates
from proa.cluster.kubelet.certificates.trust import TrustBundles

__all__ = ["Credential", "PodCertificates", "TrustBundles"]
