"""Custom resources: definitions, their schemas, and the kinds that are served because of them."""

from proa.cluster.apiserver.custom.served import ServedKinds

__all__ = ["ServedKinds"]
