"""certificates.k8s.io: signing requests and trust bundles."""

from proa.cluster.apiserver.certificates import pod_certificates, rules
from proa.cluster.apiserver.certificates.trust_bundles import trust_bundle
from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group, Subresource, read

_CERTIFICATES = Group("certificates.k8s.io")
_SIGNER = {"spec.signerName": read("spec", "signerName")}

KINDS = (
    _CERTIFICATES.cluster_wide(
        "certificatesigningrequests",
        "CertificateSigningRequest",
        short_names=("csr",),
        subresources=(Subresource("approval"), STATUS),
        columns=columns.SIGNING_REQUESTS,
        fields=_SIGNER,
        first_status=status.empty,
        rules=(rules.signing_request,),
    ),
    _CERTIFICATES.cluster_wide(
        "clustertrustbundles",
        "ClusterTrustBundle",
        columns=columns.TRUST_BUNDLES,
        fields=_SIGNER,
        rules=(trust_bundle,),
    ),
    _CERTIFICATES.namespaced(
        "podcertificaterequests",
        "PodCertificateRequest",
        subresources=(STATUS,),
        fields=_SIGNER | {"spec.nodeName": read("spec", "nodeName")},
        defaults=(pod_certificates.complete,),
        first_status=status.empty,
        rules=(pod_certificates.request,),
    ),
)
