"""apiextensions.k8s.io: definitions of custom resources."""

from proa.cluster.apiserver.columns.policies import CREATED_AT
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("apiextensions.k8s.io").cluster_wide(
        "customresourcedefinitions",
        "CustomResourceDefinition",
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        subresources=(STATUS,),
        columns=CREATED_AT,
        defaults=(defaults.custom_resource_definition,),
        generation=True,
    ),
)
