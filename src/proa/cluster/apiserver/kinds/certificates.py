"""certificates.k8s.io: signing requests and trust bundles."""

from proa.cluster.apiserver.kind import STATUS, Group, Subresource, read

_CERTIFICATES = Group("certificates.k8s.io")

KINDS = (
    _CERTIFICATES.cluster_wide(
        "certificatesigningrequests",
        "CertificateSigningRequest",
        short_names=("csr",),
        subresources=(Subresource("approval"), STATUS),
        fields={"spec.signerName": read("spec", "signerName")},
    ),
    _CERTIFICATES.cluster_wide(
        "clustertrustbundles", "ClusterTrustBundle", fields={"spec.signerName": read("spec", "signerName")}
    ),
    _CERTIFICATES.namespaced(
        "podcertificaterequests",
        "PodCertificateRequest",
        subresources=(STATUS,),
        fields={"spec.signerName": read("spec", "signerName"), "spec.nodeName": read("spec", "nodeName")},
    ),
)
