"""apiextensions.k8s.io: definitions of custom resources."""

from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("apiextensions.k8s.io").cluster_wide(
        "customresourcedefinitions",
        "CustomResourceDefinition",
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        subresources=(STATUS,),
        generation=True,
    ),
)
