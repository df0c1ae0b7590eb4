"""OpenAPI v2, derived from the documents of v3: older kubectl, Argo CD and Terraform read it."""

from proa.cluster.apiserver.openapi_v2.document import OpenApiV2

__all__ = ["OpenApiV2"]
