"""Versions of built-in kinds that are not the stored one: how each is shown and stored."""

from proa.cluster.apiserver.versions.conversion import PureConversion

__all__ = ["PureConversion"]
